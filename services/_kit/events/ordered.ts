/**
 * A JetStream consumer that keeps order: one durable per bucket, one message of it at a time, whichever replica has it.
 * A message that fails holds up its bucket until it succeeds or is dead-lettered, and no other bucket.
 *
 * One durable over all buckets with `max_ack_pending: 1` would keep order, too, and let one user's poison stop everybody.
 */
import { type ConsumerOptions, type Handle, Receiver, type RunningConsumer, together } from "./consumer.ts";
import { type Durable, ofEvents, ofRedrives } from "./nats/durable.ts";
import { BUCKETS } from "./outbox.ts";

export interface OrderedSubscription {
  /** Consumer group: also the start of the durables' names. */
  readonly group: string;
  /** By event type. What has no handler is passed over, without a span. */
  readonly handlers: Readonly<Record<string, Handle>>;
  /** After this long without a word the server delivers a message again. 5 s by default. */
  readonly ackWaitMs?: number;
}

/** The names of a group's durables, by bucket. */
export const orderedDurables = (group: string): string[] =>
  Array.from({ length: BUCKETS }, (_, bucket) => `${group}-p${bucket}`);

/**
 * Consumes until stopped. Events of one key (a user) are handled one after the other, in the order in which they were
 * appended. A redriven message has lost its place: it is handled when it comes, beside its bucket.
 */
export async function subscribeInOrder(
  { group, handlers, ackWaitMs }: OrderedSubscription,
  options: ConsumerOptions,
): Promise<RunningConsumer> {
  const receiver = new Receiver(group, handlers, options);
  const durables = orderedDurables(group).flatMap((name, bucket): Durable[] => [
    ofEvents(name, `events.p${bucket}.>`, 1, ackWaitMs),
    ofRedrives(name),
  ]);
  return together(await Promise.all(durables.map((durable) => receiver.receive(durable, 1))));
}
