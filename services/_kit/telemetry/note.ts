/**
 * The one call about telemetry that business code makes: something worth knowing has happened. It becomes a log
 * record with an event name, and is counted by that name and its `reason`, which must be one of few. Its ids become
 * attributes of the active span, so that a trace can be found by them.
 */
import { trace } from "@opentelemetry/api";
import { BATON, METRIC } from "./conventions.ts";
import { EVENT_NAME, type EventFields, type Logger } from "./log.ts";
import { counter } from "./metrics.ts";

/** `V`: event names, each with its fields. The event `order.placed` is emitted as `baton.order.placed`. */
export type Note<V> = <K extends keyof V & string>(event: K, fields: V[K]) => void;

const isId = (field: string): boolean => field.endsWith("Id");

/** `orderId` is `baton.order.id`, which spans have, too. `totalCents`, of events only, is `baton.event.total_cents`. */
function attributeOf(field: string): string {
  const words = field.replace(/[A-Z]/g, (upper) => `_${upper.toLowerCase()}`);
  return isId(field) ? `baton.${words.slice(0, -"_id".length)}.id` : `baton.event.${words}`;
}

/** `V`'s fields are strings and numbers; those named `…Id` go onto the span. */
export function makeNote<V extends { [K in keyof V]: Record<string, string | number> }>(
  log: Logger,
): Note<V> {
  return (event, fields) => {
    const name = `baton.${event}`;
    // Detached work may outlive the span of its request, which has ended then: only the log gets the ids.
    const active = trace.getActiveSpan();
    const span = active?.isRecording() ? active : undefined;
    const said: Record<string, string | number> = {};
    for (const [field, value] of Object.entries(fields)) {
      said[attributeOf(field)] = value;
      if (isId(field)) span?.setAttribute(attributeOf(field), value);
    }
    const reason = said[BATON.eventReason];
    counter(METRIC.events).add(1, {
      [BATON.eventName]: name,
      ...(reason === undefined ? {} : { [BATON.eventReason]: reason }),
    });
    const record: EventFields = { ...said, [EVENT_NAME]: name };
    log.info(record, event);
  };
}
