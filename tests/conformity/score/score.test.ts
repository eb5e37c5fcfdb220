import { beforeAll, describe, expect, test } from "vitest";
import { readRegistry } from "../../../telemetry/registry.ts";
import {
  attributes,
  everything,
  logLike,
  metricLike,
  origin,
  SPANS,
  type SpanLike,
  spanLike,
  typed,
} from "../judge/emitted.fixture.ts";
import type { Emitted, EmittedSpan, Origin } from "../judge/emitted.ts";
import { schemaUrlOf } from "../judge/origin.ts";
import { knownOf } from "./known.ts";
import { servicesOf } from "./parts.ts";
import { isAtLeast, type Known } from "./rules.ts";
import { CONTRADICTIONS, resultsOf, scoreLines, scoreOf, serviceScore, unexplained } from "./score.ts";

let from: Origin;
let good: Emitted;
let known: Known;
beforeAll(async () => {
  const registry = await readRegistry();
  from = origin(schemaUrlOf(registry));
  known = await knownOf(registry);
  const all = everything(from);
  // Each a trace of its own, with what is above it.
  good = { ...all, spans: all.spans.filter(({ kind }) => kind !== "CLIENT") };
});

const broken = (emitted: Emitted, more: Partial<Known> = {}): string[] =>
  resultsOf(servicesOf(emitted), { ...known, ...more })
    .filter(({ broken }) => [...broken.values()].some((lines) => lines.length > 0))
    .map(({ rule }) => rule.id);

const span = (more: Partial<SpanLike> = {}): EmittedSpan =>
  spanLike(from, { ...(SPANS["use case"] as SpanLike), ...more });
const ids = (n: number): string[] => Array.from({ length: n }, (_, at) => String(at).padStart(16, "0"));
const more = (emitted: Partial<Emitted>): Emitted => ({
  spans: [...good.spans, ...(emitted.spans ?? [])],
  metrics: [...good.metrics, ...(emitted.metrics ?? [])],
  logs: [...good.logs, ...(emitted.logs ?? [])],
});
const metric = (name: string, unit: string, bounds?: readonly number[]) =>
  metricLike(from, {
    name,
    unit,
    description: "d",
    instrument: "gauge",
    attributes: {},
    ...(bounds && { bounds }),
  });
const resourceOf = (change: Readonly<Record<string, string | undefined>>): Origin => {
  const changed = new Map(from.resource);
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) changed.delete(name);
    else changed.set(name, typed(value));
  }
  return { ...from, resource: changed };
};

test("telemetry as it should be passes every rule: 100 of 100", () => {
  expect(broken(good)).toEqual([]);
  const results = resultsOf(servicesOf(good), known);
  expect(serviceScore(results, "orders", true)).toBe(100);
  expect(scoreLines(results).join("\n")).toContain("to the letter: orders 100");
});

describe("a rule is broken by", () => {
  test.each<[string, string, () => Emitted]>([
    ["LOG-002", "a log record without a severity", () => more({ logs: [logLike(from, "", {}, 0)] })],
    [
      "MET-001",
      "an attribute with 10000 values",
      () => {
        const points = ids(10_000).map((id) => ({ attributes: attributes({ "baton.order.id": id }) }));
        return more({ metrics: [{ ...metric("baton.made", "{order}"), points }] });
      },
    ],
    ["MET-002", "a metric without a unit", () => more({ metrics: [metric("baton.made", "")] })],
    [
      "MET-002",
      "a unit that the Unified Code has not",
      () => more({ metrics: [metric("baton.made", "orders")] }),
    ],
    [
      "MET-003",
      "two units of one metric",
      () => more({ metrics: [metric("baton.made", "{order}"), metric("baton.made", "s")] }),
    ],
    [
      "MET-004",
      "two sets of buckets of one histogram",
      () => more({ metrics: [metric("baton.made", "s", [1]), metric("baton.made", "s", [2])] }),
    ],
    ["MET-005", "a unit in a name", () => more({ metrics: [metric("baton.stream.bytes", "By")] })],
    [
      "MET-006",
      "a metric that is called as an attribute",
      () => more({ metrics: [metric("baton.order.id", "s")] }),
    ],
    [
      "RES-001",
      "a process without an instance",
      () =>
        more({
          spans: [spanLike(resourceOf({ "service.instance.id": undefined }), SPANS["use case"] as SpanLike)],
        }),
    ],
    [
      "RES-002",
      "two resources of one instance",
      () =>
        more({ spans: [spanLike(resourceOf({ "service.version": "2" }), SPANS["use case"] as SpanLike)] }),
    ],
    [
      "RES-004",
      "the service's name on a span",
      () => more({ spans: [span({ attributes: { "service.name": "orders" } })] }),
    ],
    [
      "RES-005",
      "a process without a name",
      () => ({
        ...good,
        spans: [spanLike(resourceOf({ "service.name": "" }), SPANS["use case"] as SpanLike)],
      }),
    ],
    [
      "SPA-001",
      "11 INTERNAL spans of a service in a trace",
      () =>
        more({ spans: ids(11).map((spanId) => span({ spanId, traceId: "9".repeat(32), durationMs: 6 })) }),
    ],
    [
      "SPA-002",
      "a span whose parent is missing",
      () => more({ spans: [span({ parentSpanId: "5".repeat(16) })] }),
    ],
    ["SPA-004", "a root of kind CLIENT", () => more({ spans: [spanLike(from, SPANS.receive as SpanLike)] })],
    [
      "SPA-005",
      "21 short spans in a trace",
      () =>
        more({
          spans: ids(21).map((spanId) =>
            span({ spanId, kind: "PRODUCER", traceId: "9".repeat(32), durationMs: 4.9 }),
          ),
        }),
    ],
  ])("%s: %s", (rule, _, emitted) => {
    expect(broken(emitted())).toEqual([rule]);
  });

  test("SDK-001: a runtime that the SDK does not support", () => {
    expect(broken(good, { node: "22.14.9" })).toEqual(["SDK-001"]);
  });
});

test("the parent of a caller outside is not missing, nor are spans of a process that was killed", () => {
  const parentSpanId = "5".repeat(16);
  expect(broken(more({ spans: [spanLike(from, { ...(SPANS.edge as SpanLike), parentSpanId })] }))).toEqual(
    [],
  );
  const traceId = "7".repeat(32);
  const resume = spanLike(from, {
    ...(SPANS.resume as SpanLike),
    traceId: "8".repeat(32),
    linkedTraces: [traceId],
  });
  expect(broken(more({ spans: [span({ traceId, parentSpanId })] }))).toEqual(["SPA-002"]);
  expect(broken(more({ spans: [span({ traceId, parentSpanId }), resume] }))).toEqual([]);
});

test("what contradicts the conventions is told apart from what is only wrong", () => {
  const root = (name: string) => spanLike(from, { ...(SPANS.receive as SpanLike), name });
  const results = resultsOf(servicesOf(more({ spans: [root("receive events.OrderConfirmed")] })), known);
  expect(results.flatMap(unexplained)).toEqual([]);
  expect(serviceScore(results, "orders", false)).toBe(100);
  expect(serviceScore(results, "orders", true)).toBeLessThan(100);
  const wrong = resultsOf(servicesOf(more({ spans: [root("GET /")] })), known);
  expect(wrong.flatMap(unexplained)).toEqual([expect.stringContaining("SPA-004 orders: CLIENT GET /")]);
  expect(serviceScore(wrong, "orders", false)).toBeLessThan(100);
  const many = (kind: "INTERNAL" | "PRODUCER") =>
    more({ spans: ids(21).map((spanId) => span({ spanId, kind, traceId: "9".repeat(32) })) });
  expect(resultsOf(servicesOf(many("PRODUCER")), known).flatMap(unexplained)).toEqual([]);
  expect(resultsOf(servicesOf(many("INTERNAL")), known).flatMap(unexplained).length).toBeGreaterThan(0);
  expect(Object.keys(CONTRADICTIONS)).toEqual(["SPA-004", "SPA-005"]);
});

test("the formula gives what the specification's own example has", () => {
  const some = (impact: "critical" | "important" | "normal" | "low", passed: number, of: number) =>
    Array.from({ length: of }, (_, n) => ({ impact, passed: n < passed }));
  const rules = [
    ...some("critical", 4, 8),
    ...some("important", 8, 10),
    ...some("normal", 6, 8),
    ...some("low", 1, 5),
  ];
  expect(scoreOf(rules)).toBeCloseTo(63.855, 3);
});

test("a metric that the conventions have is no attribute of theirs", () => {
  expect(["http.route", "baton.order.id"].map(known.isAttribute)).toEqual([true, true]);
  expect(["http.server.request.duration", "baton.events"].map(known.isAttribute)).toEqual([false, false]);
});

test("a version is compared number by number", () => {
  expect(isAtLeast("22.15.0", "22.15.0")).toBe(true);
  expect(isAtLeast("22.9.1", "22.15.0")).toBe(false);
  expect(isAtLeast("24.0.0", "22.15.0")).toBe(true);
});
