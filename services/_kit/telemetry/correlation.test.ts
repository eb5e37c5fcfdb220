import { context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { CorrelationLogProcessor, CorrelationSpanProcessor, correlationId } from "./correlation.ts";

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const baggage = propagation.createBaggage({ "correlation.id": { value: "c-1" } });
const ctx = propagation.setBaggage(ROOT_CONTEXT, baggage);

test("every span of a request has its correlation id, and no span outside a request has one", () => {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new CorrelationSpanProcessor(), new SimpleSpanProcessor({ exporter: memory })],
  });
  const tracer = provider.getTracer("test");
  tracer.startSpan("inside", {}, ctx).end();
  tracer.startSpan("root in link mode", { root: true }, ctx).end();
  tracer.startSpan("outside", {}, ROOT_CONTEXT).end();
  expect(memory.getFinishedSpans().map((span) => span.attributes["correlation.id"])).toEqual([
    "c-1",
    "c-1",
    undefined,
  ]);
});

test("every log record of a request has its correlation id", () => {
  const memory = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({
    processors: [new CorrelationLogProcessor(), new SimpleLogRecordProcessor({ exporter: memory })],
  });
  const logger = provider.getLogger("test");
  context.with(ctx, () => logger.emit({ body: "inside" }));
  logger.emit({ body: "outside" });
  const seen = memory
    .getFinishedLogRecords()
    .map((record) => [record.body, record.attributes["correlation.id"]]);
  expect(seen).toEqual([
    ["inside", "c-1"],
    ["outside", undefined],
  ]);
});

test("the log mixin gets the active request's id", () => {
  expect(context.with(ctx, () => correlationId())).toBe("c-1");
  expect(correlationId()).toBeUndefined();
});
