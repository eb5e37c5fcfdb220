import { ATTR, BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { JourneySpan, Span } from "./model.ts";
import { compareText } from "./order.ts";
import { messageIdOf, textOf } from "./read.ts";

/**
 * Ids of the messages and jobs that were sent and that nobody has consumed or dead-lettered yet, sorted.
 * A message is named by `messaging.message.id` of its PRODUCER span; of several consumers one is enough, since
 * a journey does not tell how many a message has.
 */
export function inFlightOf(spans: readonly JourneySpan[]): readonly string[] {
  const sent = new Set<string>();
  const consumed = new Set<string>();
  for (const { span, shared } of spans) {
    if (span.kind === "PRODUCER" && !shared && messageIdOf(span)) sent.add(messageIdOf(span));
    if (span.kind === "CONSUMER" && isDone(span)) for (const id of consumedBy(span)) consumed.add(id);
  }
  return [...sent].filter((id) => !consumed.has(id)).sort(compareText);
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
