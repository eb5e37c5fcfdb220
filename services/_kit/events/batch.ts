/**
 * A consumer that takes messages in batches: one `receive` span that links to every message's creation context, one
 * `process` span per message under it.
 */

import { labelsOf, messagesAt } from "../telemetry/destination.ts";
import { countReceived } from "../telemetry/messages.ts";
import { nameOf, type ReceivedMessage } from "./broker.ts";
import { eventsOf, redrivesOf, type Subscription, together } from "./consumer.ts";
import { readHead } from "./head.ts";
import type { InHand } from "./in-hand.ts";
import { destinationOf } from "./outbox.ts";
import { type ConsumerOptions, Receiver, type RunningConsumer } from "./receiver.ts";
import { inReceiveSpan } from "./tracing.ts";

export interface BatchOptions {
  readonly maxMessages: number;
  /** How long the first message of a batch waits for more. */
  readonly lingerMs: number;
}

/**
 * Consumes in batches until stopped. Messages of one batch are handled one after the other, in stream order. Redriven
 * messages come one by one.
 */
export async function subscribeInBatches(
  subscription: Subscription,
  batch: BatchOptions,
  options: ConsumerOptions,
): Promise<RunningConsumer> {
  const { group, type, handle, leaseMs } = subscription;
  const source = eventsOf(subscription);
  const handlers = { [type]: handle };
  const receiver = new Receiver({ source, group, handlers }, options);
  const inHand = await receiver.open(batch.maxMessages * 2, leaseMs);
  const running = (async () => {
    for await (const taken of inBatches(inHand, batch)) {
      await handleAll(taken, receiver, subscription, options, inHand);
    }
  })();
  const redrives = new Receiver({ source: redrivesOf(source), group, handlers }, options);
  return together([{ stop: () => receiver.stop(inHand, running) }, await redrives.receive(1)]);
}

async function handleAll(
  { messages, tookMs }: Taken,
  receiver: Receiver,
  subscription: Subscription,
  { broker }: ConsumerOptions,
  inHand: InHand,
): Promise<void> {
  const { type, group } = subscription;
  const batch = {
    ...messagesAt(broker, destinationOf(type), { group, subscription: nameOf(eventsOf(subscription)) }),
    carriers: messages.map((message) => readHead(message.headers, message.place).carrier),
    destinations: messages.map(({ destination }) => destination),
  };
  countReceived(labelsOf("receive", batch), messages.length, tookMs);
  await inReceiveSpan(batch, async (receive) => {
    for (const message of messages) {
      await receiver.handle(message, "process in batch", receive);
      inHand.settled(message);
    }
  });
}

/** Messages that are received together. */
interface Taken {
  readonly messages: readonly ReceivedMessage[];
  /** From the arrival of the first one until the batch was complete. */
  readonly tookMs: number;
}

/** Groups messages into batches of at most `maxMessages`; none waits longer than `lingerMs`. Ends with `messages`. */
async function* inBatches(messages: InHand, { maxMessages, lingerMs }: BatchOptions): AsyncGenerator<Taken> {
  const source = messages[Symbol.asyncIterator]();
  let next = source.next();
  for (;;) {
    const first = await next;
    if (first.done) return;
    const startedMs = performance.now();
    const taken = [first.value];
    next = source.next();
    const { promise: over, resolve } = Promise.withResolvers<"over">();
    const timer = setTimeout(() => resolve("over"), lingerMs);
    while (taken.length < maxMessages) {
      const more = await Promise.race([next, over]);
      if (more === "over" || more.done) break;
      taken.push(more.value);
      next = source.next();
    }
    clearTimeout(timer);
    yield { messages: taken, tookMs: performance.now() - startedMs };
  }
}
