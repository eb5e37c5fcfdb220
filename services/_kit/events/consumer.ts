/** A JetStream consumer: one durable, several messages at a time, each in its own `process` span. */
import type { JsMsg } from "@nats-io/jetstream";
import type { SpanContext } from "@opentelemetry/api";
import { AppError } from "../process/errors.ts";
import { ATTR } from "../telemetry/conventions.ts";
import type { Logger } from "../telemetry/log.ts";
import type { AsyncMode, Row } from "../telemetry/propagation.ts";
import { bury, LAST_ATTEMPT, lastAttemptOf, REDRIVEN } from "./dead-letters.ts";
import { type Delivery, deliver, type Outcome } from "./delivery.ts";
import { ACK_WAIT_MS, type Durable, MAX_ATTEMPTS, ofEvents, ofRedrives, takeFrom } from "./nats/durable.ts";
import { EVENTS_STREAM, headersOf, headOf, type Nats, REDRIVE_STREAM } from "./nats/jetstream.ts";
import { destinationOf } from "./outbox.ts";

/** An event as a handler sees it. */
export interface Event {
  /** Stays the same however often it is delivered: the inbox's key. */
  readonly id: string;
  readonly type: string;
  /** Parsed JSON, not yet checked. */
  readonly payload: unknown;
}

export type Handle = (event: Event) => Promise<void>;

export interface Subscription {
  /** Consumer group: also the start of the durable's name. */
  readonly group: string;
  readonly type: string;
  readonly concurrency?: number;
  /** After this long without a word the server delivers a message again. 5 s by default. */
  readonly ackWaitMs?: number;
  readonly handle: Handle;
}

export interface ConsumerOptions {
  readonly nats: Nats;
  readonly mode: AsyncMode;
  readonly log: Logger;
}

export interface RunningConsumer {
  /** Takes no more messages; resolves when those under way are done, or are given back because it took too long. */
  stop(): Promise<void>;
}

const MAX_ACK_PENDING = 256;

/** The name of a group's durable for one type of event. */
export const durableOf = ({ group, type }: Pick<Subscription, "group" | "type">): string =>
  `${group}-${type}`;

/** A subscription's durable for the events themselves. */
export const eventsOf = (subscription: Subscription): Durable =>
  ofEvents(durableOf(subscription), `events.*.${subscription.type}`, MAX_ACK_PENDING, subscription.ackWaitMs);

/** Consumes until stopped. */
export async function subscribe(
  subscription: Subscription,
  options: ConsumerOptions,
): Promise<RunningConsumer> {
  const { group, type, concurrency = 16, handle } = subscription;
  const receiver = new Receiver(group, { [type]: handle }, options);
  return together([
    await receiver.receive(eventsOf(subscription), concurrency),
    await receiver.receive(ofRedrives(durableOf(subscription)), 1),
  ]);
}

/** Several as one. */
export const together = (consumers: readonly RunningConsumer[]): RunningConsumer => ({
  stop: async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  },
});

/** Turns messages into deliveries, and outcomes into acks. */
export class Receiver {
  readonly #group: string;
  readonly #handlers: ReadonlyMap<string, Handle>;
  readonly #options: ConsumerOptions;
  /**
   * The spans of failed attempts, for the link to the previous one. A stream's message cannot carry it, so another
   * replica, or this one after a restart, goes without that link; parent and creation link never depend on it.
   */
  readonly #previous = new Map<string, SpanContext>();

  /** `handlers`: by event type. A message of another type is acknowledged, without a span. */
  constructor(group: string, handlers: Readonly<Record<string, Handle>>, options: ConsumerOptions) {
    this.#group = group;
    this.#handlers = new Map(Object.entries(handlers));
    this.#options = options;
  }

  /** Takes a durable's messages, at most `limit` at once, until stopped. */
  async receive(durable: Durable, limit: number): Promise<RunningConsumer> {
    const inHand = await takeFrom(this.#options.nats, durable, limit * 2);
    const running = inHand.each(limit, (message) => this.handle(message, "process"));
    return { stop: () => inHand.stop(running) };
  }

  /** `receive`: the span of the batch that the message came in, for the row "process in batch". */
  async handle(message: JsMsg, row: Row, receive?: SpanContext): Promise<void> {
    const type = typeOf(message);
    const handle = this.#handlers.get(type);
    if (!handle) {
      message.ack();
      return;
    }
    const delivery = this.#read(message, type, receive);
    const placed = message.info.stream === REDRIVE_STREAM ? "restart" : row;
    const outcome = await deliver(delivery, placed, this.#options.mode, this.#options.log, async () =>
      handle({ id: delivery.messageId, type, payload: payloadOf(message) }),
    );
    await this.#settle(message, delivery, type, outcome);
  }

  #read(message: JsMsg, type: string, receive?: SpanContext): Delivery {
    const head = headOf(message);
    const isEvent = message.info.stream === EVENTS_STREAM;
    const storedMs = Number(message.timestampNanos / 1_000_000n);
    // Only ours to say: in an event it would be a stranger's word.
    const before = isEvent ? "" : (headersOf(message)?.get(LAST_ATTEMPT) ?? "");
    const wasSent = isEvent && head.createdMs !== undefined && head.sentMs !== undefined;
    return {
      system: "nats",
      destination: destinationOf(type),
      group: this.#group,
      messageId: head.eventId,
      attempt: message.info.deliveryCount,
      maxAttempts: MAX_ATTEMPTS,
      handover: {
        carrier: head.carrier,
        createdAtMs: head.createdMs,
        previousAttempt: this.#previous.get(keyOf(message)) ?? lastAttemptOf(before),
        receive,
      },
      waits: [
        ...(wasSent ? [{ kind: "outbox" as const, ms: (head.sentMs ?? 0) - (head.createdMs ?? 0) }] : []),
        { kind: "stream", ms: Date.now() - storedMs },
      ],
      attributes: {
        [ATTR.destination]: message.subject,
        ...(isEvent ? { [ATTR.partition]: message.subject.split(".")[1]?.slice(1) ?? "" } : {}),
        [ATTR.subscription]: message.info.consumer,
      },
    };
  }

  async #settle(message: JsMsg, delivery: Delivery, type: string, outcome: Outcome): Promise<void> {
    const key = keyOf(message);
    if (outcome.kind !== "retry") this.#previous.delete(key);
    if (outcome.kind === "ack") {
      message.ack();
      return;
    }
    if (outcome.kind === "retry") {
      const oldest = this.#previous.keys().next().value;
      if (this.#previous.size >= PREVIOUS_KEPT && oldest !== undefined) this.#previous.delete(oldest);
      this.#previous.set(key, outcome.span);
      message.nak(200 * 2 ** (delivery.attempt - 1));
      return;
    }
    const { code, reason, message: detail } = outcome.error;
    try {
      await bury(this.#options.nats, {
        ...remainsOf(message, type),
        group: this.#group,
        reason: reason ?? code,
        detail,
        attempts: delivery.attempt,
        lastAttempt: outcome.span,
      });
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

const PREVIOUS_KEPT = 10_000;
const keyOf = (message: JsMsg): string => `${message.info.stream}:${message.seq}`;

/** `events.p<bucket>.<type>` and `redrive.<durable>.<type>` alike. */
const typeOf = ({ subject }: JsMsg): string => subject.split(".").slice(2).join(".");

/** Of a message that is given up: what is known without its handler. */
function remainsOf(message: JsMsg, type: string) {
  const { stream, consumer } = message.info;
  const isEvent = stream === EVENTS_STREAM;
  return {
    id: `${stream}:${message.seq}:${consumer}`,
    consumer,
    type,
    redriven: isEvent ? 0 : Number(headersOf(message)?.get(REDRIVEN) ?? 0),
    head: headOf(message),
    data: message.data,
  };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function payloadOf(message: JsMsg): unknown {
  try {
    return JSON.parse(UTF8.decode(message.data));
  } catch (cause) {
    throw new AppError("malformed", "the message is not JSON", { cause });
  }
}
