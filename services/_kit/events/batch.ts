/**
 * A consumer that takes messages in batches: one `receive` span that links to every message's creation context, one
 * `process` span per message under it.
 */
import { type Context, type Link, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { ATTR } from "../telemetry/conventions.ts";
import { correlationId } from "../telemetry/correlation.ts";
import { creationLink, extract } from "../telemetry/propagation.ts";
import { startSpan } from "../telemetry/span.ts";
import { nameOf, type ReceivedMessage } from "./broker.ts";
import { eventsOf, redrivesOf, type Subscription, together } from "./consumer.ts";
import { readHead } from "./head.ts";
import type { InHand } from "./in-hand.ts";
import { destinationOf } from "./outbox.ts";
import { type ConsumerOptions, Receiver, type RunningConsumer } from "./receiver.ts";

export interface BatchOptions {
  readonly maxMessages: number;
  /** How long the first message of a batch waits for company. */
  readonly lingerMs: number;
}

/**
 * Consumes in batches until stopped. Messages of one batch are handled one after the other, in stream order. What is
 * redriven comes one by one.
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

/** The creation context of a message, as its headers carry it. */
const carrierOf = (message: ReceivedMessage) => readHead(message.headers, message.place).carrier;

async function handleAll(
  taken: readonly ReceivedMessage[],
  receiver: Receiver,
  subscription: Subscription,
  { broker }: ConsumerOptions,
  inHand: InHand,
): Promise<void> {
  const destination = destinationOf(subscription.type);
  const links = taken
    .map((message) => creationLink(carrierOf(message)))
    .filter((link): link is Link => link !== undefined);
  const span = startSpan(
    `receive ${destination}`,
    {
      kind: SpanKind.CLIENT,
      links,
      attributes: {
        [ATTR.messagingSystem]: broker.system,
        [ATTR.operationName]: "receive",
        [ATTR.operationType]: "receive",
        [ATTR.destinationTemplate]: destination,
        [ATTR.consumerGroup]: subscription.group,
        [ATTR.subscription]: nameOf(eventsOf(subscription)),
        [ATTR.batchCount]: taken.length,
      },
    },
    batchContext(taken),
  );
  try {
    for (const message of taken) {
      await receiver.handle(message, "process in batch", span.spanContext());
      inHand.settled(message);
    }
  } finally {
    span.end();
  }
}

/**
 * The context that a batch is received in: no trace, and the baggage only when all of its messages belong to the
 * same request. A batch of several has no correlation id of its own; its links lead to each of them.
 */
function batchContext(taken: readonly ReceivedMessage[]): Context {
  const contexts = taken.map((message) => extract(carrierOf(message)));
  const [first] = contexts;
  const ids = new Set(contexts.map((ctx) => correlationId(ctx)));
  return first && ids.size === 1 ? trace.deleteSpan(first) : ROOT_CONTEXT;
}

/** Groups what comes: at most so many, and none waits longer than the linger. Ends when `messages` ends. */
async function* inBatches(
  messages: InHand,
  { maxMessages, lingerMs }: BatchOptions,
): AsyncGenerator<ReceivedMessage[]> {
  const source = messages[Symbol.asyncIterator]();
  let next = source.next();
  for (;;) {
    const first = await next;
    if (first.done) return;
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
    yield taken;
  }
}
