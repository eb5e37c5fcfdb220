/** Consumers of events that need no order: each message in its own `process` span, several at a time. */
import { nameOf, type Source } from "./broker.ts";
import type { Handle } from "./event.ts";
import { type ConsumerOptions, Receiver, type RunningConsumer } from "./receiver.ts";

export interface Subscription {
  /** The consumer group. The names of its sources begin with it. */
  readonly group: string;
  readonly type: string;
  readonly concurrency?: number;
  /** The lease of a message, after which the broker redelivers it. The broker's own by default. */
  readonly leaseMs?: number;
  readonly handle: Handle;
}

/** A subscription's source of events. */
export const eventsOf = ({ group, type }: Pick<Subscription, "group" | "type">): Source => ({
  kind: "type",
  group,
  type,
});

/** A source's redriven messages. */
export const redrivesOf = (source: Source): Source => ({ kind: "redrives", owner: nameOf(source) });

/** Consumes until stopped. */
export async function subscribe(
  subscription: Subscription,
  options: ConsumerOptions,
): Promise<RunningConsumer> {
  const { group, type, concurrency = 16, handle, leaseMs } = subscription;
  const source = eventsOf(subscription);
  const consumer = (of: Source) => new Receiver({ source: of, group, handlers: { [type]: handle } }, options);
  return together([
    await consumer(source).receive(concurrency, leaseMs),
    await consumer(redrivesOf(source)).receive(1),
  ]);
}

/** Several consumers as one. */
export const together = (consumers: readonly RunningConsumer[]): RunningConsumer => ({
  stop: async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  },
});
