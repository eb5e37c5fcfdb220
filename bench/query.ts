/** How much more a query costs when lens stores ten times as much. */
import type { Bench, Figure, Round } from "./kit/bench.ts";
import { lensAtRest, withLens } from "./kit/lens/lens.ts";
import { ask, QUERY_NAMES, type QueryName } from "./kit/lens/queries.ts";
import { send } from "./kit/lens/send.ts";
import { median } from "./kit/statistics.ts";

const FEW_SPANS = 20_000;
const QUICK_SPANS = 4_000;
const TIMES = 10;
const PER_SECOND = 40_000;
const CONNECTIONS = 2;
const WARM_UP = 30;
const ASKED = 200;
const QUICK_ASKED = 5;

const NAMES: Readonly<Record<QueryName, string>> = {
  trace: "trace by its id",
  correlation: "journey by correlation id",
  order: "journey by order id",
  search: "search by service",
  list: "list of journeys",
};

const figures = QUERY_NAMES.flatMap((name): Figure[] => [
  {
    name,
    says: `${NAMES[name]}, over its cost with a tenth`,
    unit: "",
    better: "less",
    goal: { atMost: 1.5 },
  },
  { name: `${name}Ms`, says: NAMES[name], unit: "ms", better: "less" },
]);

/** The median milliseconds of each kind of query. The kinds take turns, so that a drift affects all. */
async function costs(url: string, lastGroup: number, count: number): Promise<Record<QueryName, number>> {
  const took: Record<QueryName, number[]> = { trace: [], correlation: [], order: [], search: [], list: [] };
  for (let n = 0; n < count; n += 1) {
    for (const name of QUERY_NAMES) {
      const group = 1 + Math.floor(Math.random() * lastGroup);
      const { ms, status } = await ask(url, name, group);
      if (status === 404) throw new Error(`the query "${NAMES[name]}" found nothing`);
      took[name].push(ms);
    }
  }
  return Object.fromEntries(QUERY_NAMES.map((name) => [name, median(took[name])])) as Record<
    QueryName,
    number
  >;
}

function queryRound({ quick, signal, say }: Round): ReturnType<Bench["run"]> {
  const spans = quick ? QUICK_SPANS : FEW_SPANS;
  const asked = quick ? QUICK_ASKED : ASKED;
  return withLens({ signal }, async ({ url, otlpUrl }) => {
    const fill = async (count: number, firstGroup: number): Promise<number> => {
      const plan = {
        url: otlpUrl,
        spans: count,
        perSecond: PER_SECOND,
        connections: CONNECTIONS,
        firstGroup,
      };
      const { lastGroup } = await send(plan, signal);
      const { evicted } = await lensAtRest(url, signal);
      if (evicted > 0) throw new Error("lens has evicted spans: it holds less than ten times as much");
      return lastGroup;
    };
    say("queries with little stored");
    const fewGroups = await fill(spans, 1);
    await costs(url, fewGroups, quick ? 1 : WARM_UP);
    const few = await costs(url, fewGroups, asked);
    say("queries with ten times as much");
    const manyGroups = await fill(spans * (TIMES - 1), fewGroups + 1);
    await costs(url, manyGroups, quick ? 1 : WARM_UP);
    const many = await costs(url, manyGroups, asked);
    const values = QUERY_NAMES.flatMap((name) => [
      [name, many[name] / few[name]],
      [`${name}Ms`, many[name]],
    ]);
    return { values: Object.fromEntries(values) };
  });
}

export const query: Bench = {
  name: "query",
  title: "A query with ten times as much stored",
  how: `the median of ${ASKED} queries of each kind, the kinds in turn, with ${FEW_SPANS.toLocaleString("en-US")} spans and then with ten times as many`,
  rounds: 3,
  figures,
  run: queryRound,
};
