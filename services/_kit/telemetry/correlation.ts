/**
 * The correlation id, and the scenario's run, that travel with a request: on every span by a span processor, on
 * every log record by a log processor, so that no call site mentions them.
 */
import { type Context, context } from "@opentelemetry/api";
import type { LogRecordProcessor, ReadWriteLogRecord } from "@opentelemetry/sdk-logs";
import type { Span, SpanProcessor } from "@opentelemetry/sdk-trace";
import { BAGGAGE, BATON } from "./conventions.ts";
import { baggageEntry } from "./propagation.ts";

/** The correlation id that the edge decided, or undefined outside any request. */
export function correlationId(ctx: Context = context.active()): string | undefined {
  return baggageEntry(BAGGAGE.correlationId, ctx);
}

/** Puts the correlation id, and the scenario's run if there is one, on every span when it starts. */
export class CorrelationSpanProcessor implements SpanProcessor {
  onStart(span: Span, parentContext: Context): void {
    const id = correlationId(parentContext);
    if (id !== undefined) span.setAttribute(BATON.correlationId, id);
    const run = baggageEntry(BAGGAGE.scenarioRun, parentContext);
    if (run !== undefined) span.setAttribute(BATON.scenarioRun, run);
  }
  onEnd(): void {}
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

/** Puts the correlation id on every log record. */
export class CorrelationLogProcessor implements LogRecordProcessor {
  onEmit(record: ReadWriteLogRecord, ctx?: Context): void {
    const id = correlationId(ctx);
    if (id !== undefined) record.setAttribute(BATON.correlationId, id);
  }
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}
