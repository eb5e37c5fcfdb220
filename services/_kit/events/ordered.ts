/**
 * A consumer that keeps order: one source per lane, with one message at a time over all replicas. A message that fails
 * holds up its lane until it succeeds or is a dead letter, and no other lane.
 *
 * Rejected alternative: one source over all lanes with one message at a time. It keeps order too, but one user's poison
 * message would hold up all users.
 */
import type { Source } from "./broker.ts";
import { redrivesOf, together } from "./consumer.ts";
import type { Handle } from "./event.ts";
import { BUCKETS } from "./outbox.ts";
import { type ConsumerOptions, Receiver, type RunningConsumer } from "./receiver.ts";

export interface OrderedSubscription {
  /** The consumer group. The names of its sources begin with it. */
  readonly group: string;
  /** By event type. An event without a handler is skipped, without a span. */
  readonly handlers: Readonly<Record<string, Handle>>;
  /** The lease of a message, after which the broker redelivers it. The broker's own by default. */
  readonly leaseMs?: number;
}

/** A group's sources, by lane. */
export const lanesOf = (group: string): Source[] =>
  Array.from({ length: BUCKETS }, (_, lane) => ({ kind: "lane", group, lane }));

/**
 * Consumes until stopped. Events of one key (a user) are handled one after the other, in the order in which they were
 * appended. A redriven message has lost its place in the order: it is handled when it comes, outside of its lane.
 */
export async function subscribeInOrder(
  { group, handlers, leaseMs }: OrderedSubscription,
  options: ConsumerOptions,
): Promise<RunningConsumer> {
  const sources = lanesOf(group).flatMap((lane) => [lane, redrivesOf(lane)]);
  return together(
    await Promise.all(
      sources.map((source) => new Receiver({ source, group, handlers }, options).receive(1, leaseMs)),
    ),
  );
}
