/** What one question may cost, whatever is stored. Work is counted, not timed. */
import { describe, expect, it } from "vitest";
import { SHOP } from "./fuzz/shop.ts";
import { keyOf, type Span } from "./model.ts";
import { sourceOf } from "./source.ts";
import { consumer, correlated, create, edge, id, key, linkTo, span } from "./spans.fixture.ts";
import { Traces } from "./stitch/traces.ts";
import { BOUNDS, type Bounds, finish, MOST_LINKS, STEPS_A_PIECE, Work } from "./stitch/work.ts";
import { type FoundJourney, journeyIn, rulesOf } from "./stitch.ts";

interface Answer extends FoundJourney {
  readonly work: Work;
}

/** The journey of the trace `at`, with what it cost. */
function ask(spans: Iterable<Span>, at: string, bounds: Partial<Bounds> = {}): Answer {
  const work = new Work({ ...BOUNDS, ...bounds });
  const traces = new Traces(sourceOf(spans), rulesOf(SHOP), work);
  const found = finish(journeyIn(traces, { traceId: id(at, 32) }));
  if (!found) throw new Error(`nothing is found of ${at}`);
  return { ...found, work };
}
const has = ({ journey }: Answer, at: string) => journey.spans.some((one) => one.key === key(at));
const times = (count: number, make: (n: number) => Span): Span[] =>
  Array.from({ length: count }, (_, n) => make(n));

describe("a message with 20,000 consumers in traces of their own", () => {
  const spans = [
    create({ at: "hub/hub" }),
    ...times(20_000, (n) => consumer({ at: `c${n}/one`, start: 5, links: [linkTo("hub/hub")] })),
  ];

  it("is shown as far as there is room, says what it left out, and takes work in proportion", () => {
    const answer = ask(spans, "hub", { spans: 5_000 });
    expect(answer.journey.spans).toHaveLength(5_000);
    expect(answer.journey.leftOut).toMatchObject({ bound: "spans", before: false });
    expect(answer.journey.leftOut.traces).toBeGreaterThan(0);
    expect(answer.journey.settled).toBe(false);
    expect(answer.work.steps).toBeLessThan(40 * 5_000);
    expect(answer.work.longestPiece).toBeLessThanOrEqual(STEPS_A_PIECE + MOST_LINKS + 5_001);
  });

  it("always shows the consumer that was asked for, and the way to it", () => {
    const answer = ask(spans, "c19999", { spans: 100 });
    expect([has(answer, "hub/hub"), has(answer, "c19999/one")]).toEqual([true, true]);
    expect(answer.journey.spans).toHaveLength(100);
  });

  it("costs no more than it is allowed", () => {
    const answer = ask(spans, "hub", { steps: 2_000 });
    expect(answer.journey.leftOut.bound).toBe("steps");
    expect(answer.work.steps).toBeLessThan(2_000 + 40 * answer.journey.spans.length);
  });
});

describe("a chain of 20,000 links", () => {
  const spans = times(20_000, (n) =>
    consumer({ at: `n${n}/own`, start: n, links: n > 0 ? [linkTo(`n${n - 1}/own`)] : [] }),
  );

  it("is shown from its beginning as far as there is room", () => {
    const { journey, work } = ask(spans, "n0", { spans: 1_000 });
    expect(journey).toMatchObject({ rootKey: key("n0/own"), leftOut: { bound: "spans", traces: 1 } });
    expect(work.steps).toBeLessThan(40 * 1_000);
  });

  it("is shown around its end from where the way back stopped, which is said", () => {
    const answer = ask(spans, "n19999");
    expect(answer.journey.leftOut).toMatchObject({ bound: "hops", before: true });
    expect(answer.journey).toMatchObject({ rootMissing: false, settled: false, rootKey: key("n17999/own") });
    expect(has(answer, "n19999/own")).toBe(true);
  });
});

describe("a trace of 50,000 spans", () => {
  const spans = times(50_000, (n) =>
    n === 0
      ? edge({ at: "big/n0" })
      : span({ at: `big/n${n}`, parent: `n${Math.floor((n - 1) / 8)}`, start: n / 100 }),
  );

  it("keeps its earliest spans as a whole tree, whatever came first, and counts the others", () => {
    const answer = ask(spans, "big");
    expect(answer.journey.spans).toHaveLength(BOUNDS.spans);
    expect(answer.journey.leftOut).toEqual({ bound: "spans", spans: 30_000, traces: 0, before: false });
    expect(answer.journey).toMatchObject({ rootKey: key("big/n0"), orphans: [], rootMissing: false });
    expect(answer.work.longestPiece).toBeLessThan(1.3 * BOUNDS.spans);
    const backwards = ask(spans.toReversed(), "big");
    expect(backwards.journey.spans.map((one) => one.key)).toEqual(answer.journey.spans.map((one) => one.key));
  });

  it("is bounded by its bytes, too", () => {
    const wordy = spans.map((one) => ({ ...one, attributes: { text: "x".repeat(2_000) } }));
    const { journey } = ask(wordy, "big", { bytes: 1024 * 1024 });
    expect(journey.leftOut.bound).toBe("bytes");
    expect(journey.spans.length).toBeLessThan(600);
    expect(journey.rootKey).toBe(key("big/n0"));
  });
});

it("300 traces with one correlation id, all of lost consumers, take work in proportion", () => {
  const spans = times(300 * 50, (n) => {
    const [trace, own] = [Math.floor(n / 50), n % 50];
    const kind = own % 2 ? "CONSUMER" : "INTERNAL";
    return span({
      at: `t${trace}/n${own}`,
      ...(own > 0 && { parent: "n0" }),
      kind,
      start: n,
      attributes: correlated("c"),
    });
  });
  const { work } = ask(spans, "t7");
  expect(work.steps).toBeLessThan(10 * spans.length);
});

it("a span with 5,000 links is followed over as many as are allowed", () => {
  const makers = times(5_000, (n) => create({ at: `m${n}/make` }));
  const batch = consumer({
    at: "b/batch",
    start: 9,
    links: makers.map((one) => ({ ...keyAt(one), attributes: {} })),
  });
  const { journey, others, work } = ask([...makers, batch], "b");
  expect(journey.spans.map((one) => one.key)).toEqual([key("m0/make"), key("b/batch")]);
  expect(others).toHaveLength(200);
  expect(work.steps).toBeLessThan(10 * 5_000);
});

const keyAt = ({ traceId, spanId }: Span) => ({ traceId, spanId });

it("a fan-out of 20,000 children is no more work a span than one of 2,000", () => {
  const fan = (count: number) => {
    const spans = times(count, (n) => span({ at: `f/n${n}`, ...(n > 0 && { parent: "n0" }), start: n }));
    const { work, journey } = ask(spans, "f");
    expect(journey.spans).toHaveLength(count);
    expect(new Set(journey.spans.map(({ span: one }) => keyOf(one))).size).toBe(count);
    return work.steps / count;
  };
  expect(fan(19_000)).toBeLessThan(1.2 * fan(1_900));
});
