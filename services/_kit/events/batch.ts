/**
 * A JetStream consumer that takes messages in batches: one `receive` span that links to every message's creation
 * context, one `process` span per message under it.
 */
import type { JsMsg } from "@nats-io/jetstream";
import { type Context, type Link, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { ATTR } from "../telemetry/conventions.ts";
import { correlationId } from "../telemetry/correlation.ts";
import { creationLink, extract } from "../telemetry/propagation.ts";
import { startSpan } from "../telemetry/span.ts";
import {
  type ConsumerOptions,
  durableOf,
  eventsOf,
  Receiver,
  type RunningConsumer,
  type Subscription,
  together,
} from "./consumer.ts";
import type { InHand } from "./in-hand.ts";
import { ofRedrives, takeFrom } from "./nats/durable.ts";
import { headOf } from "./nats/jetstream.ts";

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
  const { group, type } = subscription;
  const receiver = new Receiver(group, { [type]: subscription.handle }, options);
  const inHand = await takeFrom(options.nats, eventsOf(subscription), batch.maxMessages * 2);
  const running = (async () => {
    for await (const taken of inBatches(inHand, batch)) {
      await handle(taken, receiver, subscription, inHand);
    }
  })();
  const batches = { stop: () => inHand.stop(running) };
  return together([batches, await receiver.receive(ofRedrives(durableOf(subscription)), 1)]);
}

async function handle(
  taken: readonly JsMsg[],
  receiver: Receiver,
  subscription: Subscription,
  inHand: InHand,
): Promise<void> {
  const links = taken
    .map((message) => creationLink(headOf(message).carrier))
    .filter((link): link is Link => link !== undefined);
  const span = startSpan(
    `receive events.${subscription.type}`,
    {
      kind: SpanKind.CLIENT,
      links,
      attributes: {
        [ATTR.messagingSystem]: "nats",
        [ATTR.operationName]: "receive",
        [ATTR.operationType]: "receive",
        [ATTR.destinationTemplate]: `events.${subscription.type}`,
        [ATTR.consumerGroup]: subscription.group,
        [ATTR.subscription]: durableOf(subscription),
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
function batchContext(taken: readonly JsMsg[]): Context {
  const contexts = taken.map((message) => extract(headOf(message).carrier));
  const [first] = contexts;
  const ids = new Set(contexts.map((ctx) => correlationId(ctx)));
  return first && ids.size === 1 ? trace.deleteSpan(first) : ROOT_CONTEXT;
}

/** Groups what comes: at most so many, and none waits longer than the linger. Ends when `messages` ends. */
async function* inBatches(
  messages: InHand,
  { maxMessages, lingerMs }: BatchOptions,
): AsyncGenerator<JsMsg[]> {
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
