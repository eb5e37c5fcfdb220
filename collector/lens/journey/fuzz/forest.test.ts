import { expect, it } from "vitest";
import { forestOf } from "./forest.ts";
import { holdForest } from "./forest-rules.ts";

/** A slice of `npm run fuzz -- journeys`, the same ones each time. */
const FORESTS = 3_000;

it(`${FORESTS} forests: every span in a journey, the same for every order, each call within its bounds`, () => {
  const wrong: string[] = [];
  for (let seed = 1; seed <= FORESTS && wrong.length < 5; seed++) {
    try {
      holdForest(seed);
    } catch (error) {
      wrong.push(`seed ${seed}: ${error instanceof Error ? error.message : error}`);
    }
  }
  expect(wrong).toEqual([]);
});

it("a forest has all that it should have: several roots, links, holes, versions, shared ids, hubs", () => {
  const forests = Array.from({ length: 500 }, (_, seed) => forestOf(seed).spans);
  const has = (what: (spans: (typeof forests)[number]) => boolean) => forests.filter(what).length;
  const roots = (spans: (typeof forests)[number]) =>
    spans.filter((one) => one.parentSpanId === "" && one.traceId === spans[0]?.traceId).length;
  expect(has((spans) => roots(spans) > 1)).toBeGreaterThan(100);
  expect(has((spans) => spans.some(({ links }) => links.length > 2))).toBeGreaterThan(50);
  expect(has((spans) => spans.some(({ endNs }) => endNs === 0n))).toBeGreaterThan(50);
  expect(
    has((spans) => new Set(spans.map((one) => one.traceId + one.spanId)).size < spans.length),
  ).toBeGreaterThan(50);
});
