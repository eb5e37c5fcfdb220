import { ATTR, BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { JourneySpan, Span } from "./model.ts";
import { compareText } from "./order.ts";
import { messageIdOf, textOf } from "./read.ts";

/** Who consumes what: consumer groups by the destination's name (its template). */
export type Consumers = ReadonlyMap<string, readonly string[]>;

/**
 * Ids of the messages and jobs that were sent and that are not consumed or dead-lettered yet, sorted. A message is
 * named by `messaging.message.id` of its PRODUCER span. Every group that `consumers` names for its destination must
 * be done with it; where nobody is named one consumer is enough, since a journey does not tell how many there are.
 */
export function inFlightOf(
  spans: readonly Pick<JourneySpan, "span" | "shared">[],
  consumers: Consumers = new Map(),
): readonly string[] {
  const sent = new Map<string, readonly string[]>();
  const done = new Map<string, Set<string>>();
  for (const { span, shared } of spans) {
    const id = messageIdOf(span);
    if (span.kind === "PRODUCER" && !shared && id) {
      sent.set(id, consumers.get(textOf(span.attributes, ATTR.destinationTemplate)) ?? []);
    }
    if (span.kind !== "CONSUMER" || !isDone(span)) continue;
    for (const consumed of consumedBy(span)) {
      const groups = done.get(consumed) ?? new Set();
      done.set(consumed, groups.add(textOf(span.attributes, ATTR.consumerGroup)));
    }
  }
  const isInFlight = ([id, groups]: [string, readonly string[]]): boolean => {
    const by = done.get(id);
    return by === undefined || groups.some((group) => !by.has(group));
  };
  return [...sent]
    .filter(isInFlight)
    .map(([id]) => id)
    .sort(compareText);
}

/** True when this delivery was the message's last: it was acknowledged or dead-lettered. */
export function isDone(consumer: Span): boolean {
  const outcome = textOf(consumer.attributes, BATON.outcome);
  if (outcome === "") return consumer.status !== "ERROR";
  return outcome === "ack" || outcome === "dead-letter";
}

/** A span over a whole batch bears its messages' ids on its links, as the conventions ask. */
function consumedBy(span: Span): readonly string[] {
  const own = messageIdOf(span);
  const linked = span.links.map((link) => textOf(link.attributes, ATTR.messageId));
  return [own, ...linked].filter((id) => id !== "");
}
