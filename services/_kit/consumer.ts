/** A JetStream consumer: one durable, several messages at a time, each in its own `process` span. */
import { AckPolicy, DeliverPolicy, type JsMsg } from "@nats-io/jetstream";
import { headers, nanos } from "@nats-io/transport-node";
import type { SpanContext } from "@opentelemetry/api";
import { type Delivery, deliver, type Outcome } from "./delivery.ts";
import { AppError } from "./errors.ts";
import { InHand } from "./in-hand.ts";
import { DEAD_STREAM, EVENTS_STREAM, type Nats, readHead } from "./jetstream.ts";
import type { Logger } from "./log.ts";
import { destinationOf } from "./outbox.ts";
import { ATTR } from "./telemetry/conventions.ts";
import type { AsyncMode, Row } from "./telemetry/propagation.ts";

/** An event as a handler sees it. */
export interface Event {
  /** Stays the same however often it is delivered: the inbox's key. */
  readonly id: string;
  readonly type: string;
  /** Parsed JSON, not yet checked. */
  readonly payload: unknown;
}

export interface Subscription {
  /** Consumer group: also the start of the durable's name. */
  readonly group: string;
  readonly type: string;
  readonly concurrency?: number;
  /** After this long without a word the server delivers a message again. 5 s by default. */
  readonly ackWaitMs?: number;
  readonly handle: (event: Event) => Promise<void>;
}

export interface ConsumerOptions {
  readonly nats: Nats;
  readonly mode: AsyncMode;
  readonly log: Logger;
}

export interface RunningConsumer {
  /** Takes no more messages and resolves when those under way are done. */
  stop(): Promise<void>;
}

const ACK_WAIT_MS = 5_000;
export const MAX_ATTEMPTS = 5;
const PREVIOUS_KEPT = 10_000;

/** Makes sure that the durable exists, and takes its messages, about `ahead` at a time; answers its name and them. */
export async function takeFrom(
  nats: Nats,
  { group, type, ackWaitMs = ACK_WAIT_MS }: Subscription,
  ahead: number,
): Promise<{ durable: string; inHand: InHand }> {
  const durable = `${group}-${type}`;
  await nats.manager.consumers.add(EVENTS_STREAM, {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    // One filter: several need nats-server 2.10.
    filter_subject: `events.*.${type}`,
    ack_wait: nanos(ackWaitMs),
    // Ours is the bound on attempts; the server's is for messages that kill their consumer before it can say so.
    max_deliver: MAX_ATTEMPTS + 3,
    max_ack_pending: 256,
  });
  const consumer = await nats.js.consumers.get(EVENTS_STREAM, durable);
  return { durable, inHand: new InHand(await consumer.consume({ max_messages: ahead }), ackWaitMs) };
}

/** Consumes until stopped. */
export async function subscribe(
  subscription: Subscription,
  options: ConsumerOptions,
): Promise<RunningConsumer> {
  const limit = subscription.concurrency ?? 16;
  const { inHand } = await takeFrom(options.nats, subscription, limit * 2);
  const receiver = new Receiver(subscription, options);
  const running = receiver.run(inHand, limit);
  return {
    stop: async () => {
      await inHand.stop();
      await running;
    },
  };
}

/** Turns messages into deliveries, and outcomes into acks. */
export class Receiver {
  readonly #subscription: Subscription;
  readonly #options: ConsumerOptions;
  /**
   * The spans of failed attempts, for the link to the previous one. A stream's message cannot carry it, so another
   * replica, or this one after a restart, goes without that link; parent and creation link never depend on it.
   */
  readonly #previous = new Map<string, SpanContext>();

  constructor(subscription: Subscription, options: ConsumerOptions) {
    this.#subscription = subscription;
    this.#options = options;
  }

  async run(messages: InHand, limit: number): Promise<void> {
    const underWay = new Set<Promise<void>>();
    for await (const message of messages) {
      const work = this.handle(message, "process").finally(() => {
        messages.settled(message);
        underWay.delete(work);
      });
      underWay.add(work);
      if (underWay.size >= limit) await Promise.race(underWay);
    }
    await Promise.all(underWay);
  }

  /** `receive`: the span of the batch that the message came in, for the row "process in batch". */
  async handle(message: JsMsg, row: Row, receive?: SpanContext): Promise<void> {
    const { delivery, event } = this.#read(message, receive);
    const outcome = await deliver(delivery, row, this.#options.mode, this.#options.log, async () =>
      this.#subscription.handle(event()),
    );
    await this.#settle(message, delivery, outcome);
  }

  #read(message: JsMsg, receive?: SpanContext): { delivery: Delivery; event: () => Event } {
    const { group, type } = this.#subscription;
    const head = readHead(message);
    const nowMs = Date.now();
    const storedMs = Number(message.timestampNanos / 1_000_000n);
    const delivery: Delivery = {
      system: "nats",
      destination: destinationOf(type),
      group,
      messageId: head.eventId,
      attempt: message.info.deliveryCount,
      maxAttempts: MAX_ATTEMPTS,
      handover: {
        carrier: head.carrier,
        createdAtMs: head.createdMs,
        previousAttempt: this.#previous.get(this.#key(message)),
        receive,
      },
      waits: [
        ...(head.createdMs !== undefined && head.sentMs !== undefined
          ? [{ kind: "outbox" as const, ms: head.sentMs - head.createdMs }]
          : []),
        { kind: "stream", ms: nowMs - storedMs },
      ],
      attributes: {
        [ATTR.destination]: message.subject,
        [ATTR.partition]: message.subject.split(".")[1]?.slice(1) ?? "",
        [ATTR.subscription]: message.info.consumer,
      },
    };
    const event = () => {
      try {
        return { id: head.eventId, type, payload: message.json() };
      } catch (cause) {
        throw new AppError("malformed", "the message is not JSON", { cause });
      }
    };
    return { delivery, event };
  }

  #key(message: JsMsg): string {
    return `${message.seq}`;
  }

  async #settle(message: JsMsg, delivery: Delivery, outcome: Outcome): Promise<void> {
    if (outcome.kind !== "retry") this.#previous.delete(this.#key(message));
    if (outcome.kind === "ack") {
      message.ack();
      return;
    }
    if (outcome.kind === "retry") {
      const oldest = this.#previous.keys().next().value;
      if (this.#previous.size >= PREVIOUS_KEPT && oldest !== undefined) this.#previous.delete(oldest);
      this.#previous.set(this.#key(message), outcome.span);
      message.nak(200 * 2 ** (delivery.attempt - 1));
      return;
    }
    try {
      await deadLetter(this.#options.nats, message, delivery, outcome.error);
      // Plain: with a reason, nats-server 2.9 ignores it and the message comes again.
      message.term();
    } catch (err) {
      this.#options.log.error(
        { err, message: delivery.messageId },
        "could not be dead-lettered, it comes again",
      );
      message.nak(ACK_WAIT_MS);
    }
  }
}

/** Copies a message to the dead-letter stream, with its headers, the reason and the attempts, and awaits the ack. */
async function deadLetter(nats: Nats, message: JsMsg, delivery: Delivery, error: AppError): Promise<void> {
  const { stream, consumer } = message.info;
  const head = headers();
  for (const [key, values] of message.headers ?? []) {
    if (!key.startsWith("Nats-")) for (const value of values) head.append(key, value);
  }
  head.set("Baton-Dead-Reason", error.reason ?? error.code);
  head.set("Baton-Dead-Attempts", String(delivery.attempt));
  const msgID = `${stream}:${message.seq}:${consumer}`;
  await nats.js.publish(`dead.${consumer}`, message.data, {
    msgID,
    headers: head,
    expect: { streamName: DEAD_STREAM },
  });
}
