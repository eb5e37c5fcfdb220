import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { journeyFromJson, journeyToJson } from "./json.ts";
import { type Journey, keyOf, type Span, type SpanKey } from "./model.ts";
import { journeyOf, journeysOf } from "./shop.fixture.ts";
import { sourceOf } from "./source.ts";
import { id, linkTo, span } from "./spans.fixture.ts";
import { world } from "./world.fixture.ts";

/** A world and the same spans in another order, some of them twice. */
const reordered = world.chain((w) =>
  fc.record({
    world: fc.constant(w),
    spans: fc
      .tuple(fc.shuffledSubarray([...w.spans], { minLength: w.spans.length }), fc.subarray([...w.spans]))
      .map(([shuffled, again]) => [...shuffled, ...again.map((one) => structuredClone(one))]),
  }),
);

/** Spans that refer to each other, to themselves and to nothing, without any sense. */
const nonsense: fc.Arbitrary<Span[]> = fc.array(
  fc
    .record({
      trace: fc.integer({ min: 0, max: 3 }),
      own: fc.integer({ min: 0, max: 9 }),
      parent: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
      links: fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 9 })), {
        maxLength: 3,
      }),
      reason: fc.constantFrom("creation", "previous_attempt", "caller", ""),
      kind: fc.constantFrom("SERVER", "CLIENT", "PRODUCER", "CONSUMER", "INTERNAL"),
      service: fc.constantFrom("gateway", "orders"),
      start: fc.integer({ min: 0, max: 4 }),
      failed: fc.boolean(),
      correlation: fc.constantFrom("", "a", "b"),
    })
    .map(({ trace, own, parent, links, reason, failed, correlation, ...rest }) =>
      span({
        at: `t${trace}/s${own}`,
        ...(parent === undefined ? {} : { parent: `s${parent}` }),
        links: links.map(([t, s]) => linkTo(`t${t}/s${s}`, reason)),
        attributes: correlation ? { "correlation.id": correlation } : {},
        status: failed ? "ERROR" : "UNSET",
        ...rest,
      }),
    ),
  { maxLength: 40 },
);

const ownKeys = (journey: Journey): SpanKey[] => journey.spans.filter((s) => !s.shared).map((s) => s.key);
const sharedKeys = (journey: Journey): SpanKey[] => journey.spans.filter((s) => s.shared).map((s) => s.key);
const without = (spans: readonly Span[], gone: ReadonlySet<SpanKey>): Span[] =>
  spans.filter((s) => !gone.has(keyOf(s)));
const flaws = (journeys: readonly Journey[]): number =>
  journeys.filter((j) => j.orphans.length > 0 || j.rootMissing).length;

describe("stitching random systems", () => {
  it("gives identical journeys for any order of arrival, and counts repeated spans once", () => {
    fc.assert(
      fc.property(reordered, ({ world: w, spans }) => {
        expect(journeysOf(spans)).toEqual(journeysOf(w.spans));
      }),
    );
  });

  it("puts every span into its own journey exactly once, and batches over several into each", () => {
    fc.assert(
      fc.property(world, (w) => {
        const journeys = journeysOf(w.spans);
        expect(journeys.map((j) => j.rootKey).sort()).toEqual([...w.own.keys()].sort());
        for (const journey of journeys) {
          expect(ownKeys(journey).sort()).toEqual([...(w.own.get(journey.rootKey) ?? [])].sort());
          const shown = [...w.shared].filter(([, roots]) => roots.has(journey.rootKey)).map(([key]) => key);
          expect(sharedKeys(journey).sort()).toEqual(shown.sort());
          expect(journey).toMatchObject({ settled: true, orphans: [], inFlight: [], rootMissing: false });
        }
      }),
    );
  });

  it("finds the same journey from every trace that belongs to it alone", () => {
    fc.assert(
      fc.property(world, (w) => {
        const source = sourceOf(w.spans);
        const journeys = journeysOf(w.spans);
        for (const journey of journeys) {
          for (const traceId of journey.traceIds) {
            const elsewhere = journeys.some((j) => j !== journey && j.traceIds.includes(traceId));
            const found = journeyOf(source, traceId);
            if (!elsewhere) expect(found).toEqual(journey);
            else expect(found?.traceIds).toContain(traceId);
          }
        }
      }),
    );
  });

  it("is not settled while a message's consumers are missing", () => {
    fc.assert(
      fc.property(world, fc.nat(), (w, pick) => {
        const messages = [...w.consumers];
        const chosen = messages[pick % Math.max(messages.length, 1)];
        fc.pre(chosen !== undefined);
        const [messageId, consumers] = chosen;
        const journeys = journeysOf(without(w.spans, new Set(consumers)));
        const waiting = journeys.filter((j) => j.inFlight.includes(messageId));
        expect(waiting).toHaveLength(1);
        expect(waiting[0]?.settled).toBe(false);
      }),
    );
  });

  it("shows orphans or a missing root when any span is lost that something hangs under", () => {
    fc.assert(
      fc.property(world, fc.nat(), (w, pick) => {
        const carrying = [...new Set(journeysOf(w.spans).flatMap((j) => j.spans.map((s) => s.under)))];
        const lost = carrying.filter((key) => key !== null)[pick % Math.max(carrying.length - 1, 1)];
        fc.pre(lost !== undefined);
        const journeys = journeysOf(without(w.spans, new Set([lost])));
        expect(flaws(journeys)).toBeGreaterThan(0);
        expect(journeys.filter((j) => j.settled).length).toBeLessThan(w.own.size);
      }),
    );
  });

  it("survives JSON without a loss", () => {
    fc.assert(
      fc.property(world, (w) => {
        for (const journey of journeysOf(w.spans)) {
          expect(journeyFromJson(JSON.parse(JSON.stringify(journeyToJson(journey))))).toEqual(journey);
        }
      }),
    );
  });
});

describe("stitching nonsense", () => {
  it("ends, and makes a proper tree of whatever it is given", () => {
    fc.assert(
      fc.property(nonsense, (spans) => {
        for (const journey of journeysOf(spans)) {
          const depths = new Map<SpanKey, number>();
          for (const { key, under, depth } of journey.spans) {
            expect(depths.has(key)).toBe(false);
            expect(depth).toBe(under === null ? 0 : (depths.get(under) ?? Number.NaN) + 1);
            depths.set(key, depth);
          }
          expect(journey.spans[0]?.key).toBe(journey.rootKey);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("puts no span into two journeys, unless as shared", () => {
    fc.assert(
      fc.property(nonsense, (spans) => {
        const own = journeysOf(spans).flatMap(ownKeys);
        expect(new Set(own).size).toBe(own.length);
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same journeys in any order, also where spans contradict each other", () => {
    const shuffled = nonsense.chain((spans) =>
      fc.tuple(fc.constant(spans), fc.shuffledSubarray(spans, { minLength: spans.length })),
    );
    fc.assert(
      fc.property(shuffled, ([spans, other]) => {
        expect(journeysOf(other)).toEqual(journeysOf(spans));
        const traceId = id("t1", 32);
        expect(journeyOf(sourceOf(other), traceId)).toEqual(journeyOf(sourceOf(spans), traceId));
      }),
      { numRuns: 500 },
    );
  });
});
