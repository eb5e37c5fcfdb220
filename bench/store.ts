/** What a stored span takes of the disk and of memory, and what storing costs when millions of traces are there. */
import type { Bench, Round } from "./kit/bench.ts";
import { type Lens, lensAtRest, withLens } from "./kit/lens/lens.ts";
import { send } from "./kit/lens/send.ts";
import type { Shape } from "./kit/lens/spans.ts";
import { watched } from "./kit/lens/watch.ts";
import { pssMb } from "./kit/processes.ts";

const SPANS = 400_000;
const QUICK_SPANS = 20_000;
const TRACES = 4_000_000;
const QUICK_TRACES = 10_000;
/** Compiles lens' code and fills its caches, so that they do not count as a cost of spans. */
const WARM_UP_SPANS = 200_000;
const PER_SECOND = 1_000_000;
const CONNECTIONS = 4;
const MB = 2 ** 20;
/** So that nothing goes. */
const ENV = { LENS_STORE_BYTES: String(16 * 2 ** 30) };
const MEASURED: Partial<Shape> = { spansPerRequest: 250 };
/** A trace is a single span: the most traces in the least time. */
const MANY_TRACES: Partial<Shape> = { spansPerTrace: 1, requestsPerGroup: 1 };

/** Sends spans to `lens` and waits until they are stored. Resolves to the last group. */
async function fill(
  lens: Lens,
  spans: number,
  firstGroup: number,
  shape: Partial<Shape>,
  signal: AbortSignal,
): Promise<number> {
  const plan = {
    url: lens.otlpUrl,
    spans,
    shape,
    firstGroup,
    perSecond: PER_SECOND,
    connections: CONNECTIONS,
  };
  const { lastGroup } = await send(plan, signal);
  const { evicted } = await lensAtRest(lens.url, signal);
  if (evicted > 0) throw new Error("lens has evicted spans: what is left says nothing of them");
  return lastGroup;
}

async function storeRound({ quick, signal, say }: Round): ReturnType<Bench["run"]> {
  return withLens({ env: ENV, signal }, async (lens) => {
    const [spans, warmUp] = quick ? [QUICK_SPANS, QUICK_SPANS] : [SPANS, WARM_UP_SPANS];
    /** CPU microseconds of a span, and the last group. */
    const cost = async (firstGroup: number): Promise<readonly [cpuUs: number, lastGroup: number]> => {
      const { outcome, cpuMs } = await watched(lens.pid, () =>
        fill(lens, spans, firstGroup, MEASURED, signal),
      );
      return [(cpuMs * 1e3) / spans, outcome];
    };
    say("warm");
    const warm = await fill(lens, warmUp, 1, MEASURED, signal);
    const [counted, residentMb] = [await lensAtRest(lens.url, signal), await pssMb(lens.pid)];
    say("spans with little stored");
    const [little, lastGroup] = await cost(warm + 1);
    const after = await lensAtRest(lens.url, signal);
    const stored = after.stored - counted.stored;
    const grown = ((await pssMb(lens.pid)) - residentMb) * MB;
    say("many traces");
    const many = await fill(lens, quick ? QUICK_TRACES : TRACES, lastGroup + 1, MANY_TRACES, signal);
    say("spans with many traces stored");
    const [full] = await cost(many + 1);
    return {
      values: {
        disk: (after.storeBytes - counted.storeBytes) / stored,
        grown: Math.max(0, grown / stored),
        cost: little,
        full: full / little,
        memory: await pssMb(lens.pid),
      },
    };
  });
}

export const store: Bench = {
  name: "store",
  title: "What a stored span takes",
  how: `${SPANS.toLocaleString("en-US")} spans with ten attributes, then ${TRACES.toLocaleString("en-US")} traces of one span, then as many spans as before; lens' own count of its disk, its memory (PSS) and its CPU time`,
  rounds: 1,
  figures: [
    { name: "disk", says: "disk", unit: "bytes a span", better: "less", goal: { atMost: 100 } },
    { name: "grown", says: "growth of memory", unit: "bytes a span", better: "less", goal: { atMost: 64 } },
    { name: "cost", says: "CPU time with little stored", unit: "µs a span", better: "less" },
    {
      name: "full",
      says: `CPU time with ${TRACES.toLocaleString("en-US")} traces stored over that`,
      unit: "",
      better: "less",
      goal: { atMost: 1.2 },
    },
    {
      name: "memory",
      says: "memory with all that stored",
      unit: "MB",
      better: "less",
      goal: { atMost: 288 },
    },
  ],
  run: storeRound,
};
