import { context, defaultTextMapGetter, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EdgePropagator, EdgeSpanProcessor, uuidv7 } from "./edge.ts";

const CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function edge(options: ConstructorParameters<typeof EdgePropagator>[0]) {
  return new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), new EdgePropagator(options)],
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

test("restart begins a new trace that links to the caller's", () => {
  const memory = new InMemorySpanExporter();
  const tracing = new TracerProvider({
    spanProcessors: [new EdgeSpanProcessor(), new SimpleSpanProcessor({ exporter: memory })],
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
  expect(root?.attributes["baton.edge"]).toBe("restart");
  expect(below?.links).toEqual([]);
  expect(below?.attributes["baton.edge"]).toBeUndefined();
});

test("whatever a client sends, there is one harmless correlation id and nothing that is not allowed", () => {
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

test("a UUID of version 7 begins with its time, so that ids sort as requests came", () => {
  expect(uuidv7(0x0123456789ab)).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuidv7(1_000) < uuidv7(2_000)).toBe(true);
  expect(context.active()).toBe(ROOT_CONTEXT);
});
