import { defaultTextMapGetter, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import fc from "fast-check";
import { expect, test } from "vitest";
import { uuidv7 } from "../process/uuid.ts";
import { EdgePropagator, EdgeSpanProcessor } from "./edge.ts";

const CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function edge(options: ConstructorParameters<typeof EdgePropagator>[0]) {
  return new CompositePropagator({
    propagators: [
      new W3CTraceContextPropagator(),
      new W3CBaggagePropagator(),
      new EdgePropagator(options, uuidv7),
    ],
  });
}
const extract = (
  headers: Record<string, string>,
  trace: "continue" | "restart" = "continue",
  faults = true,
) => edge({ trace, faults }).extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
const entries = (headers: Record<string, string>, faults = true) =>
  propagation
    .getBaggage(extract(headers, "continue", faults))
    ?.getAllEntries()
    .map(([key]) => key);

test("the correlation id is the first entry of the baggage", () => {
  expect(entries({ baggage: "async=link,fault=a.b:c" })?.[0]).toBe("correlation.id");
});

test("without BATON_FAULTS nothing of a client's baggage passes", () => {
  expect(entries({ baggage: "async=link,fault=a.b:c,scenario.run=1" }, false)).toEqual(["correlation.id"]);
});

test("an entry that is too long is refused, the others pass", () => {
  expect(entries({ baggage: `fault=${"x".repeat(257)},async=link` })).toEqual(["correlation.id", "async"]);
});

/** The refused headers on the span of a request with these headers. */
const refused = (headers: Record<string, string>) => {
  const memory = new InMemorySpanExporter();
  const spanProcessors = [new EdgeSpanProcessor(() => {}), new SimpleSpanProcessor({ exporter: memory })];
  new TracerProvider({ spanProcessors }).getTracer("test").startSpan("server", {}, extract(headers)).end();
  return memory.getFinishedSpans()[0]?.attributes["baton.edge.refused"];
};

test("baggage of which the propagator keeps only a part is reported as refused", () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => `k${n}=v`).join(",");
  expect(refused({ baggage: many(180) })).toBeUndefined();
  expect(refused({ baggage: many(181) })).toEqual(["baggage"]);
  expect(refused({ baggage: `a=${"x".repeat(4_095)}` })).toEqual(["baggage"]);
  expect(refused({ baggage: `fault=${"x".repeat(300)},async=${"x".repeat(300)}` })).toEqual(["baggage"]);
});

test("a tracestate with an invalid member is discarded as a whole, and the request continues its trace", () => {
  const stateOf = (tracestate: string) =>
    trace.getSpanContext(extract({ traceparent: CALLER, tracestate }))?.traceState?.serialize();
  expect(stateOf("rojo=00f067aa0ba902b7,tenant@congo=t61rcWkgMzE")).toBe(
    "rojo=00f067aa0ba902b7,tenant@congo=t61rcWkgMzE",
  );
  expect(stateOf("a=1, ,b=2")).toBe("a=1,b=2");
  const members = (count: number) => Array.from({ length: count }, (_, n) => `k${n}=v`).join(",");
  expect(stateOf(members(32))?.split(",")).toHaveLength(32);
  for (const broken of ["a=1,B=2", "a=1,b", "a=1,b==2", "a=1,b=é", "a=1,=2", members(33)]) {
    expect(stateOf(broken), broken).toBeUndefined();
    expect(refused({ traceparent: CALLER, tracestate: broken }), broken).toEqual(["tracestate"]);
    expect(trace.getSpanContext(extract({ traceparent: CALLER, tracestate: broken }))?.traceId).toBe(
      "0af7651916cd43dd8448eb211c80319c",
    );
  }
});

test("restart begins a new trace that links to the caller's", () => {
  const memory = new InMemorySpanExporter();
  const tracing = new TracerProvider({
    spanProcessors: [new EdgeSpanProcessor(() => {}), new SimpleSpanProcessor({ exporter: memory })],
  });
  const ctx = extract({ traceparent: CALLER }, "restart");
  const tracer = tracing.getTracer("test");
  const server = tracer.startSpan("server", {}, ctx);
  tracer.startSpan("below", {}, trace.setSpan(ctx, server)).end();
  server.end();
  const [below, root] = memory.getFinishedSpans();
  expect(root?.parentSpanContext).toBeUndefined();
  expect(root?.spanContext().traceId).not.toBe("0af7651916cd43dd8448eb211c80319c");
  expect(root?.links).toMatchObject([
    { context: { spanId: "b7ad6b7169203331" }, attributes: { "baton.link": "caller" } },
  ]);
  expect(root?.attributes["baton.edge.trace"]).toBe("restart");
  expect(below?.links).toEqual([]);
  expect(below?.attributes["baton.edge.trace"]).toBeUndefined();
});

test("each refused header is reported once a request, by the same name as on the span", () => {
  const told: string[] = [];
  const memory = new InMemorySpanExporter();
  const tracer = new TracerProvider({
    spanProcessors: [
      new EdgeSpanProcessor((what) => told.push(what)),
      new SimpleSpanProcessor({ exporter: memory }),
    ],
  }).getTracer("test");
  const ctx = extract({ traceparent: "00-nonsense", "x-correlation-id": "<>" });
  const server = tracer.startSpan("server", {}, ctx);
  tracer.startSpan("below", {}, trace.setSpan(ctx, server)).end();
  server.end();
  expect(told).toEqual(["traceparent", "correlation_id"]);
  expect(memory.getFinishedSpans().map((span) => span.attributes["baton.edge.refused"])).toEqual([
    undefined,
    told,
  ]);
});

test("any headers give one harmless correlation id and only baggage that is allowed", () => {
  const allowed = new Set(["correlation.id", "fault", "async", "scenario.run"]);
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary" }),
      fc.string(),
      (id, baggage, parent) => {
        const ctx = extract({ "x-correlation-id": id, baggage, traceparent: parent });
        const all = propagation.getBaggage(ctx)?.getAllEntries() ?? [];
        expect(all.every(([key]) => allowed.has(key))).toBe(true);
        expect(all[0]?.[1].value).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
      },
    ),
  );
});
