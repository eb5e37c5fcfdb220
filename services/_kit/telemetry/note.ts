/**
 * The one call about telemetry that business code makes: something worth knowing has happened. It becomes a log
 * record with an event name, and is counted by that name and its `reason`, which must be one of few. Its ids become
 * attributes of the active span, so that a trace can be found by them.
 */
import { trace } from "@opentelemetry/api";
import { METRIC } from "./conventions.ts";
import type { Logger } from "./log.ts";
import { counter } from "./metrics.ts";

/** `V`: event names, each with its fields. The field `orderId` becomes the attribute `baton.order.id`. */
export type Note<V> = <K extends keyof V & string>(event: K, fields: V[K]) => void;

const attributeOf = (field: string): string =>
  `baton.${field.replace(/[A-Z]/g, (upper) => `.${upper.toLowerCase()}`)}`;

/** `V`'s fields are strings and numbers; those named `…Id` go onto the span. */
export function makeNote<V extends { [K in keyof V]: Record<string, string | number> }>(
  log: Logger,
): Note<V> {
  return (event, fields) => {
    // Detached work may outlive the span of its request, which has ended then: only the log gets the ids.
    const active = trace.getActiveSpan();
    const span = active?.isRecording() ? active : undefined;
    for (const [field, value] of Object.entries(fields)) {
      if (field.endsWith("Id")) span?.setAttribute(attributeOf(field), value);
    }
    const record: Record<string, string | number> = { event, ...fields };
    counter(METRIC.events).add(1, {
      [METRIC.event]: event,
      ...(record.reason === undefined ? {} : { [METRIC.eventReason]: record.reason }),
    });
    log.info(record, event);
  };
}
