/**
 * The SDK for hop tests: what a service's own start sets up, but spans end in memory instead of leaving by OTLP.
 * One for a test file's process.
 */
import { context, propagation, ROOT_CONTEXT, type SpanContext, type SpanKind } from "@opentelemetry/api";
import { W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import type { Instrumentation } from "@opentelemetry/instrumentation";
import { startNodeSdk } from "@opentelemetry/sdk-node";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import { type EdgeOptions, EdgePropagator, EdgeSpanProcessor } from "../services/_kit/http/edge.ts";
import { uuidv7 } from "../services/_kit/process/uuid.ts";
import { CorrelationSpanProcessor } from "../services/_kit/telemetry/correlation.ts";
import { inSpan } from "../services/_kit/telemetry/span.ts";
import { eventually } from "./fixtures.ts";

export interface TestTelemetry {
  /** Ended spans whose name and attributes fit, in the order in which they ended. */
  find(name: string, attributes?: Record<string, unknown>): ReadableSpan[];
  /** Waits until at least `count` such spans have ended; answers them all. */
  ended(name: string, count?: number, attributes?: Record<string, unknown>): Promise<ReadableSpan[]>;
  /** The one such span; waits for it. */
  one(name: string, attributes?: Record<string, unknown>): Promise<ReadableSpan>;
  stop(): Promise<void>;
}

/** Starts the SDK. `edge`: as at the public edge. `instrumentations`: none by default. */
export function startTestTelemetry(
  edge?: EdgeOptions,
  instrumentations: Instrumentation[] = [],
): TestTelemetry {
  const memory = new InMemorySpanExporter();
  const sdk = startNodeSdk({
    propagators: [
      new W3CTraceContextPropagator(),
      new W3CBaggagePropagator(),
      ...(edge ? [new EdgePropagator(edge, uuidv7)] : []),
    ],
    resourceDetectors: [],
    spanProcessors: [
      new CorrelationSpanProcessor(),
      ...(edge ? [new EdgeSpanProcessor(() => {})] : []),
      new SimpleSpanProcessor({ exporter: memory }),
    ],
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations,
  });
  const find: TestTelemetry["find"] = (name, attributes = {}) =>
    memory
      .getFinishedSpans()
      .filter((span) => span.name === name)
      .filter((span) => Object.entries(attributes).every(([key, value]) => span.attributes[key] === value));
  const ended: TestTelemetry["ended"] = (name, count = 1, attributes = {}) =>
    eventually(`${count} ended spans ${name}`, async () => {
      const found = find(name, attributes);
      return found.length >= count ? found : undefined;
    });
  return {
    find,
    ended,
    one: async (name, attributes) => {
      const [first, second] = await ended(name, 1, attributes);
      if (first === undefined || second !== undefined) throw new Error(`there are several spans ${name}`);
      return first;
    },
    stop: () => sdk.shutdown(),
  };
}

/** Runs `work` as if inside a request: with a span, and with the baggage that the edge would set. */
export function inRequest<T>(
  baggage: Record<string, string>,
  work: (span: SpanContext) => Promise<T>,
  kind?: SpanKind,
): Promise<T> {
  const entries = Object.fromEntries(Object.entries(baggage).map(([key, value]) => [key, { value }]));
  const ctx = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage(entries));
  return context.with(ctx, () => inSpan("request", { kind }, ctx, (span) => work(span.spanContext())));
}

/** A span's parent id and its links with their reasons, for comparison in tests. */
export function edges(span: ReadableSpan): { parent: string | undefined; links: [string, unknown][] } {
  return {
    parent: span.parentSpanContext?.spanId,
    links: span.links.map((link) => [link.context.spanId, link.attributes?.["baton.link"]]),
  };
}
