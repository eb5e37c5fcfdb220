import { context, propagation, ROOT_CONTEXT, type SpanContext, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { describe, expect, test } from "vitest";
import {
  type AsyncMode,
  baggageEntry,
  carrierOf,
  extract,
  type Handover,
  inject,
  type Moment,
  place,
} from "./propagation.ts";

propagation.setGlobalPropagator(
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
);

const creation: SpanContext = { traceId: "1".repeat(32), spanId: "1".repeat(16), traceFlags: 1 };
const receive: SpanContext = { traceId: "2".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
const previous: SpanContext = { traceId: "3".repeat(32), spanId: "3".repeat(16), traceFlags: 1 };

function handover(baggage: Record<string, string> = {}, more: Partial<Handover> = {}): Handover {
  const all = Object.entries({ "correlation.id": "c-1", ...baggage }).map(
    ([key, value]) => [key, { value }] as const,
  );
  const ctx = propagation.setBaggage(
    trace.setSpanContext(ROOT_CONTEXT, creation),
    propagation.createBaggage(Object.fromEntries(all)),
  );
  return { carrier: inject(ctx), createdAtMs: 1_000, ...more };
}

/** Where a span would go: its parent's id (none: a new root), and the ids that it links to. */
function edgesOf(moment: Moment, given: Handover, mode: AsyncMode, nowMs = 2_000) {
  const { ctx, options } = place(moment, given, mode, nowMs);
  expect(baggageEntry("correlation.id", ctx)).toBe("c-1");
  const parent = options.root ? "none" : trace.getSpanContext(ctx)?.spanId[0];
  return { parent, links: options.links?.map((link) => link.context.spanId[0]) };
}

describe("the table: parent and links of each row in each mode", () => {
  const table: [Moment, AsyncMode, { parent: string; links: string[] }][] = [
    ["send", "parent+link", { parent: "1", links: ["1"] }],
    ["send", "parent", { parent: "1", links: ["1"] }],
    ["send", "link", { parent: "1", links: ["1"] }],
    ["process", "parent+link", { parent: "1", links: ["1"] }],
    ["process", "parent", { parent: "1", links: [] }],
    ["process", "link", { parent: "none", links: ["1"] }],
    ["process in batch", "parent+link", { parent: "2", links: ["1"] }],
    ["process in batch", "parent", { parent: "2", links: ["1"] }],
    ["process in batch", "link", { parent: "2", links: ["1"] }],
    ["restart", "parent+link", { parent: "none", links: ["1"] }],
    ["restart", "parent", { parent: "none", links: ["1"] }],
    ["restart", "link", { parent: "none", links: ["1"] }],
  ];
  for (const [moment, mode, expected] of table) {
    test(`${moment} in mode ${mode}`, () => {
      expect(edgesOf(moment, handover({}, { receive }), mode)).toEqual(expected);
    });
  }
});

test("the mode that a request asks for wins over the process's mode", () => {
  expect(edgesOf("process", handover({ async: "link" }), "parent")).toEqual({ parent: "none", links: ["1"] });
  expect(edgesOf("process", handover({ async: "parent" }), "link")).toEqual({ parent: "1", links: [] });
});

test("a mode that is none of the three is ignored", () => {
  expect(edgesOf("process", handover({ async: "both" }), "parent")).toEqual({ parent: "1", links: [] });
});

test("a message older than a minute begins a new trace in every mode; one of exactly a minute does not", () => {
  const stale = { parent: "none", links: ["1"] };
  expect(edgesOf("process", handover(), "parent", 61_001)).toEqual(stale);
  expect(edgesOf("process", handover({ async: "parent" }), "parent+link", 61_001)).toEqual(stale);
  expect(edgesOf("process", handover(), "parent", 61_000)).toEqual({ parent: "1", links: [] });
});

test("a further attempt links to the one before it, after the creation context", () => {
  const given = handover({}, { previousAttempt: previous });
  expect(edgesOf("process", given, "parent+link")).toEqual({ parent: "1", links: ["1", "3"] });
});

test("a message without a context begins a new trace without a link", () => {
  const { ctx, options } = place("process", { carrier: {}, createdAtMs: undefined }, "parent+link");
  expect(trace.getSpanContext(ctx)).toBeUndefined();
  expect(options.links).toEqual([]);
});

test("extraction starts from the root context and ignores the active one", () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  const active = trace.setSpanContext(ROOT_CONTEXT, receive);
  context.with(active, () => {
    expect(trace.getSpanContext(context.active())).toEqual(receive);
    expect(trace.getSpanContext(extract({}))).toBeUndefined();
  });
});

test("the case of a carrier's names does not count; of two spellings of a name the lower case one is used", () => {
  const { carrier } = handover();
  const written = { Traceparent: carrier.traceparent ?? "", BAGGAGE: carrier.baggage ?? "" };
  expect(trace.getSpanContext(extract(written))?.spanId).toBe(creation.spanId);
  expect(baggageEntry("correlation.id", extract(written))).toBe("c-1");
  expect(carrierOf(written)).toEqual({ traceparent: carrier.traceparent, baggage: carrier.baggage });
  const twice = { Traceparent: `00-${previous.traceId}-${previous.spanId}-01`, ...carrier };
  expect(trace.getSpanContext(extract(twice))?.spanId).toBe(creation.spanId);
});
