import { ATTR, BATON } from "../../../services/_kit/telemetry/conventions.ts";
import { isFailed } from "./failure.ts";
import { type JourneySpan, keyOf, type Span, type SpanKey } from "./model.ts";
import { messageIdOf, wordOf } from "./names.ts";
import { compareText } from "./order.ts";
import { textOf } from "./read.ts";
import { type Consumers, GENERIC, isOrigin, type Rules } from "./rules.ts";

/** Consumer groups that are done with something. */
type Done = Map<string, Set<string>>;

/**
 * Ids of the messages and jobs that were sent and that are not consumed or dead-lettered yet, sorted. A message is
 * named by `messaging.message.id` of its PRODUCER span. It is consumed by whoever bears its id, and by what hangs on
 * its PRODUCER span by parent or link, as what was redriven under another id does. Every group that `consumers` names
 * for its destination must be done with it; where nobody is named one consumer is enough, since a journey does not tell
 * how many there are.
 */
export function inFlightOf(
  spans: readonly Pick<JourneySpan, "key" | "span" | "shared" | "under" | "edge">[],
  consumers: Consumers = new Map(),
  rules: Pick<Rules, "linkReason"> = GENERIC,
): readonly string[] {
  const byId: Done = new Map();
  const bySender: Done = new Map();
  const senders = sendersOf(spans);
  for (const { span, under } of spans) {
    if (span.kind !== "CONSUMER" || !isDone(span)) continue;
    const group = wordOf(span.attributes, ATTR.consumerGroup);
    for (const id of consumedBy(span)) add(byId, id, group);
    for (const from of originsOf(span, under, rules))
      for (const sender of senders.get(from) ?? []) add(bySender, sender, group);
  }
  const inFlight = new Set<string>();
  for (const { key, span, shared } of spans) {
    const id = messageIdOf(span);
    if (span.kind !== "PRODUCER" || shared || id === "") continue;
    const groups = consumers.get(wordOf(span.attributes, ATTR.destinationTemplate)) ?? [];
    const has = (group: string): boolean =>
      Boolean(byId.get(id)?.has(group) || bySender.get(key)?.has(group));
    const isDoneByAny = byId.has(id) || bySender.has(key);
    if (!isDoneByAny || groups.some((group) => !has(group))) inFlight.add(id);
  }
  return [...inFlight].sort(compareText);
}

/** True when this delivery was the message's last: it was acknowledged or dead-lettered. */
export function isDone(consumer: Span): boolean {
  const outcome = textOf(consumer.attributes, BATON.outcome);
  if (outcome === "") return !isFailed(consumer);
  return outcome === "ack" || outcome === "dead-letter";
}

/**
 * For each span by which a message may have gone out, the PRODUCER spans that it belongs to: itself, and those above.
 */
function sendersOf(
  spans: readonly Pick<JourneySpan, "key" | "span" | "under" | "edge">[],
): ReadonlyMap<SpanKey, SpanKey[]> {
  const senders = new Map<SpanKey, SpanKey[]>();
  for (const { key, span, under, edge } of spans) {
    const above = under === null || edge !== "child" ? undefined : senders.get(under);
    // A PRODUCER below another sends what that one made; so does the call by which it goes out.
    if (span.kind === "PRODUCER") senders.set(key, above ? [key, ...above.slice(0, 2)] : [key]);
    else if (span.kind === "CLIENT" && above) senders.set(key, above);
  }
  return senders;
}

function originsOf(
  span: Span,
  under: SpanKey | null,
  rules: Pick<Rules, "linkReason">,
): ReadonlySet<SpanKey> {
  const origins = new Set<SpanKey>();
  if (under !== null) origins.add(under);
  if (span.parentSpanId !== "") origins.add(keyOf({ traceId: span.traceId, spanId: span.parentSpanId }));
  for (const link of span.links) if (isOrigin(link, rules)) origins.add(keyOf(link));
  return origins;
}

/** A span over a whole batch bears its messages' ids on its links, as the conventions ask. */
function consumedBy(span: Span): readonly string[] {
  const own = messageIdOf(span);
  const linked = span.links.map((link) => wordOf(link.attributes, ATTR.messageId));
  return [own, ...linked].filter((id) => id !== "");
}

function add(done: Done, what: string, group: string): void {
  const groups = done.get(what);
  if (groups) groups.add(group);
  else done.set(what, new Set([group]));
}
