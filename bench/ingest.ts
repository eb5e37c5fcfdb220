/**
 * How many spans a second lens takes from another process, in requests of different sizes, by itself and while heavy
 * queries run; what that costs, and how long it holds up who sends and who asks.
 */
import type { Bench, Round, Table } from "./kit/bench.ts";
import { INSPECT, measurePauses, type Pauses, pausesOf } from "./kit/inspector.ts";
import { ASK_EVERY_MS, askById, askHeavily } from "./kit/lens/asking.ts";
import { type Lens, lensAtRest, lensCounts, withLens } from "./kit/lens/lens.ts";
import { type Sent, send } from "./kit/lens/send.ts";
import { watched } from "./kit/lens/watch.ts";
import { ascending, percentile } from "./kit/statistics.ts";
import { numberText } from "./kit/table.ts";

/** Spans a request: a seldom used service, a busy one, a full batch of the SDK. */
const SIZES = [50, 250, 500] as const;
type Size = (typeof SIZES)[number];
/** What the figures say that are of one size. */
const MIDDLE = 250;
const SPANS = { warm: 200_000, measured: 800_000 } as const;
const QUICK_SPANS = { warm: 10_000, measured: 20_000 } as const;
/** More than lens can take, so that the sender has to wait. */
const PER_SECOND = 1_000_000;
const CONNECTIONS = 4;

/** One sending of `SPANS`. */
interface Step {
  readonly perSecond: number;
  /** CPU microseconds of lens for a span. */
  readonly cpuUs: number;
  /** Milliseconds of each look-up of a trace by its id, ascending. */
  readonly byIdMs: readonly number[];
  /** Heavy queries that were answered. */
  readonly heavy: number;
  readonly pauses: Pauses;
  readonly memoryMb: number;
  readonly resent: number;
}

interface Both {
  readonly alone: Step;
  readonly beside: Step;
}

/** Sends spans as fast as lens takes them. `isHeavy`: with heavy queries meanwhile. */
async function step(
  lens: Lens,
  size: Size,
  firstGroup: number,
  isHeavy: boolean,
  { quick, signal }: Round,
): Promise<Step & { readonly sent: Sent }> {
  const plan = {
    url: lens.otlpUrl,
    spans: (quick ? QUICK_SPANS : SPANS).measured,
    shape: { spansPerRequest: size },
    perSecond: PER_SECOND,
    connections: CONNECTIONS,
    firstGroup,
  };
  let group = 0;
  const done = new AbortController();
  await pausesOf(lens.logFile);
  const { outcome, cpuMs, memoryMb } = await watched(lens.pid, () =>
    Promise.all([
      send(plan, signal, (last) => {
        group = last;
      }).finally(() => done.abort()),
      askById(done.signal, lens.url, size, firstGroup, () => group),
      isHeavy ? askHeavily(done.signal, lens.url) : 0,
    ]),
  );
  const [sent, askedMs, heavy] = outcome;
  return {
    sent,
    perSecond: sent.spans / (sent.tookMs / 1e3),
    cpuUs: (cpuMs * 1e3) / sent.spans,
    byIdMs: ascending(askedMs),
    heavy,
    pauses: await pausesOf(lens.logFile),
    memoryMb,
    resent: sent.resent + sent.broken,
  };
}

/** Both ways with requests of one size, in a lens of their own. Resolves to them and the number of lost spans. */
async function sizeRound(size: Size, round: Round): Promise<Both & { readonly lost: number }> {
  const { quick, signal, say, number } = round;
  return withLens({ flags: [INSPECT], signal }, async (lens) => {
    await measurePauses(lens.logFile);
    say(`${size} spans a request: warm`);
    const warm = await send(
      {
        url: lens.otlpUrl,
        spans: (quick ? QUICK_SPANS : SPANS).warm,
        shape: { spansPerRequest: size },
        perSecond: PER_SECOND,
        connections: CONNECTIONS,
        firstGroup: 1,
      },
      signal,
    );
    // They take turns in coming first, because what is stored by then differs.
    const order = number % 2 === 0 ? [true, false] : [false, true];
    const steps: Partial<Record<"alone" | "beside", Step>> = {};
    let [taken, lastGroup] = [warm.spans, warm.lastGroup];
    for (const isHeavy of order) {
      say(`${size} spans a request${isHeavy ? ", beside heavy queries" : ""}`);
      const one = await step(lens, size, lastGroup + 1, isHeavy, round);
      steps[isHeavy ? "beside" : "alone"] = one;
      taken += one.sent.spans;
      lastGroup = one.sent.lastGroup;
    }
    const { alone, beside } = steps;
    if (!alone || !beside) throw new Error("nothing was sent");
    await lensAtRest(lens.url, signal);
    const { stored } = await lensCounts(lens.url);
    return { alone, beside, lost: Math.max(0, taken - stored) };
  });
}

const tableOf = (bySize: ReadonlyMap<Size, Both>): Table => ({
  title: "By spans a request, last round:",
  columns: [
    "spans a request",
    "spans/s",
    "CPU µs a span",
    "by id p99 ms",
    "pause p99.9 ms",
    "longest ms",
    "memory MB",
    "sent again",
    "heavy queries",
  ],
  rows: [...bySize].flatMap(([size, { alone, beside }]) =>
    [alone, beside].map((one) => [
      `${size}${one === beside ? ", beside heavy queries" : ""}`,
      ...[
        Math.round(one.perSecond),
        one.cpuUs,
        percentile(one.byIdMs, 0.99),
        one.pauses.p999Ms,
        one.pauses.longestMs,
        one.memoryMb,
        one.resent,
        one.heavy,
      ].map(numberText),
    ]),
  ),
});

async function ingestRound(round: Round): ReturnType<Bench["run"]> {
  const bySize = new Map<Size, Both & { readonly lost: number }>();
  for (const size of SIZES) bySize.set(size, await sizeRound(size, round));
  const all = [...bySize.values()];
  const steps = all.flatMap(({ alone, beside }) => [alone, beside]);
  const rates = Object.fromEntries([...bySize].map(([size, { alone }]) => [`rate${size}`, alone.perSecond]));
  const middle = bySize.get(MIDDLE);
  if (!middle) throw new Error(`nothing was sent with ${MIDDLE} spans a request`);
  return {
    values: {
      ...rates,
      cpu: middle.alone.cpuUs,
      beside: Math.min(...all.map(({ alone, beside }) => beside.perSecond / alone.perSecond)),
      pause: Math.max(...steps.map(({ pauses }) => pauses.p999Ms)),
      byId: Math.max(...all.map(({ alone }) => percentile(alone.byIdMs, 0.99))),
      memory: Math.max(...steps.map(({ memoryMb }) => memoryMb)),
      lost: all.reduce((sum, { lost }) => sum + lost, 0),
    },
    tables: [tableOf(bySize)],
  };
}

export const ingest: Bench = {
  name: "ingest",
  title: "Spans a second into lens",
  how: `a process of its own sends requests of ${SIZES.join(", ")} spans with ten attributes over ${CONNECTIONS} connections, as fast as they are taken; every ${ASK_EVERY_MS} ms a trace by its id; then the same beside one heavy query after the other`,
  rounds: 3,
  figures: [
    ...SIZES.map((size) => ({
      name: `rate${size}`,
      says: `taken with ${size} spans a request`,
      unit: "spans/s",
      better: "more" as const,
    })),
    { name: "cpu", says: `CPU time of lens with ${MIDDLE}`, unit: "µs a span", better: "less" },
    {
      name: "beside",
      says: "rate beside heavy queries over without, the least",
      unit: "",
      better: "more",
      goal: { atLeast: 0.8 },
    },
    {
      name: "pause",
      says: "pauses of the receiving thread, p99.9",
      unit: "ms",
      better: "less",
      goal: { atMost: 100 },
    },
    {
      name: "byId",
      says: "a trace by its id meanwhile, p99",
      unit: "ms",
      better: "less",
      goal: { atMost: 25 },
    },
    { name: "memory", says: "memory (PSS), the most", unit: "MB", better: "less", goal: { atMost: 288 } },
    { name: "lost", says: "lost", unit: "spans", better: "less", goal: { atMost: 0 } },
  ],
  run: ingestRound,
};
