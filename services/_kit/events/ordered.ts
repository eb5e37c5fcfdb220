/**
 * A consumer that keeps order: one source per lane, one message of it at a time, whichever replica has it. A message
 * that fails holds up its lane until it succeeds or is dead-lettered, and no other lane.
 *
 * One source over all lanes, one message at a time, would keep order, too, and let one user's poison stop everybody.
 */
import type { Source } from "./broker.ts";
import { redrivesOf, together } from "./consumer.ts";
import type { Handle } from "./event.ts";
import { BUCKETS } from "./outbox.ts";
import { type ConsumerOptions, Receiver, type RunningConsumer } from "./receiver.ts";

export interface OrderedSubscription {
  /** Consumer group: also the start of its sources' names. */
  readonly group: string;
  /** By event type. What has no handler is passed over, without a span. */
  readonly handlers: Readonly<Record<string, Handle>>;
  /** After this long without a word the broker delivers a message again. The broker's own by default. */
  readonly leaseMs?: number;
}

/** A group's sources, by lane. */
export const lanesOf = (group: string): Source[] =>
  Array.from({ length: BUCKETS }, (_, lane) => ({ kind: "lane", group, lane }));

/**
 * Consumes until stopped. Events of one key (a user) are handled one after the other, in the order in which they were
 * appended. A redriven message has lost its place: it is handled when it comes, beside its lane.
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
