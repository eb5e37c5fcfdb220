/** How many spans a second lens takes from another process without loss, while it answers queries. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bench, Round, Table } from "./kit/bench.ts";
import { type Lens, lensAtRest, lensCounts, withLens } from "./kit/lens/lens.ts";
import { type Asked, ask, QUERY_NAMES } from "./kit/lens/queries.ts";
import { type Sent, send } from "./kit/lens/send.ts";
import { ascending, percentile } from "./kit/statistics.ts";
import { numberText } from "./kit/table.ts";

/** The last one is the promised rate. */
const STEPS = [
  { perSecond: 25_000, seconds: 10 },
  { perSecond: 50_000, seconds: 10 },
  { perSecond: 100_000, seconds: 30 },
] as const;
const QUICK_STEPS = [
  { perSecond: 5_000, seconds: 1 },
  { perSecond: 10_000, seconds: 1 },
] as const;
const CONNECTIONS = 4;
const ASK_EVERY_MS = 50;
/** Queries ask for a group so far behind the newest: it is stored, and has not been queried yet. */
const GROUPS_BACK = 2;

interface Step {
  readonly perSecond: number;
  readonly sent: Sent;
  readonly stored: number;
  readonly evicted: number;
  /** Milliseconds of each query, ascending. */
  readonly askedMs: readonly number[];
  /** Queries for recently stored spans that found nothing. */
  readonly notFound: number;
}

/** Sends queries, one kind after the other, until `done`. `group`: the last group that lens has completely. */
async function askUntil(done: AbortSignal, url: string, group: () => number): Promise<Asked[]> {
  const under: Promise<Asked>[] = [];
  for (let n = 0; !done.aborted; n += 1) {
    const name = QUERY_NAMES[n % QUERY_NAMES.length] ?? "list";
    // Queries overlap. If each waited for the one before, a slow query would hide that the next would be slow, too.
    if (group() > GROUPS_BACK) {
      const one = ask(url, name, group() - GROUPS_BACK);
      // Its error is seen in `Promise.all` below.
      one.catch(() => {});
      under.push(one);
    }
    await delay(ASK_EVERY_MS, undefined, { signal: done }).catch(() => {});
  }
  return Promise.all(under);
}

async function step(
  lens: Lens,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
  firstGroup: number,
  signal: AbortSignal,
): Promise<Step> {
  const before = await lensCounts(lens.url);
  let group = 0;
  const done = new AbortController();
  const asking = askUntil(done.signal, lens.url, () => group);
  const plan = {
    url: lens.otlpUrl,
    spans: perSecond * seconds,
    perSecond,
    connections: CONNECTIONS,
    firstGroup,
  };
  const sending = send(plan, signal, (last) => {
    group = last;
  }).finally(() => done.abort());
  const [sent, asked] = await Promise.all([sending, asking]);
  const after = await lensAtRest(lens.url, signal);
  return {
    perSecond,
    sent,
    stored: after.stored - before.stored,
    evicted: after.evicted - before.evicted,
    askedMs: ascending(asked.map(({ ms }) => ms)),
    notFound: asked.filter(({ status }) => status === 404).length,
  };
}

/** Spans that lens has accepted but not stored. */
const lost = ({ sent, stored }: Step): number => Math.max(0, sent.spans - stored);
const rate = ({ sent }: Step): number => sent.spans / (sent.tookMs / 1e3);

const tableOf = (steps: readonly Step[]): Table => ({
  title: "By rate, last round:",
  columns: [
    "asked for",
    "spans/s",
    "lost",
    "evicted",
    "sent again",
    "queries",
    "p50 ms",
    "p99 ms",
    "not found",
  ],
  rows: steps.map((one) =>
    [
      one.perSecond,
      Math.round(rate(one)),
      lost(one),
      one.evicted,
      one.sent.resent + one.sent.broken,
      one.askedMs.length,
      percentile(one.askedMs, 0.5),
      percentile(one.askedMs, 0.99),
      one.notFound,
    ].map(numberText),
  ),
});

async function ingestRound({ quick, signal, say }: Round): ReturnType<Bench["run"]> {
  return withLens({ signal }, async (lens) => {
    const steps: Step[] = [];
    for (const wanted of quick ? QUICK_STEPS : STEPS) {
      say(`${numberText(wanted.perSecond)} spans/s for ${wanted.seconds} s`);
      steps.push(await step(lens, wanted, (steps.at(-1)?.sent.lastGroup ?? 0) + 1, signal));
    }
    const last = steps.at(-1);
    if (!last) throw new Error("nothing was sent");
    return {
      values: {
        rate: rate(last),
        lost: steps.reduce((sum, one) => sum + lost(one), 0),
        resent: last.sent.resent,
        queryP50: percentile(last.askedMs, 0.5),
        queryP99: percentile(last.askedMs, 0.99),
      },
      tables: [tableOf(steps)],
    };
  });
}

export const ingest: Bench = {
  name: "ingest",
  title: "Spans a second into lens",
  how: `a process of its own sends requests of 512 spans with ten attributes over ${CONNECTIONS} connections and sends again what is refused; every ${ASK_EVERY_MS} ms a query`,
  rounds: 2,
  figures: [
    {
      name: "rate",
      says: "taken at 100,000 asked for",
      unit: "spans/s",
      better: "more",
      goal: { atLeast: 99_000 },
    },
    { name: "lost", says: "lost, at all rates", unit: "spans", better: "less", goal: { atMost: 0 } },
    { name: "resent", says: "requests refused for now and sent again", unit: "", better: "less" },
    { name: "queryP50", says: "half of the queries meanwhile within", unit: "ms", better: "less" },
    { name: "queryP99", says: "99 % within", unit: "ms", better: "less", goal: { atMost: 20 } },
  ],
  run: ingestRound,
};
