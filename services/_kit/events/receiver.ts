/** Turns the messages of one source into deliveries, counts their attempts, and tells the broker their outcome. */
import { setTimeout as delay } from "node:timers/promises";
import type { SpanContext } from "@opentelemetry/api";
import type { Database } from "../database/postgres.ts";
import { AppError } from "../process/errors.ts";
import { ATTR } from "../telemetry/conventions.ts";
import { messagesAt } from "../telemetry/destination.ts";
import type { Logger } from "../telemetry/log.ts";
import { type AsyncMode, type Moment, spanContextOf } from "../telemetry/propagation.ts";
import { type Attempt, Attempts } from "./attempts.ts";
import { type Broker, nameOf, type ReceivedMessage, type Source } from "./broker.ts";
import { type Delivery, deliver, type Outcome } from "./delivery.ts";
import { type Handle, payloadOf } from "./event.ts";
import { readHead } from "./head.ts";
import { InHand } from "./in-hand.ts";
import { bury, LAST_ATTEMPT, redrivenOf } from "./letters/dead-letters.ts";
import { destinationOf } from "./outbox.ts";

export interface ConsumerOptions {
  readonly broker: Broker;
  /** The service's own database, with `attemptsSchema`. */
  readonly db: Database;
  readonly mode: AsyncMode;
  readonly log: Logger;
}

export interface RunningConsumer {
  /** Takes no more messages. Resolves when those under way are done, or given back after a timeout. */
  stop(): Promise<void>;
}

/** The attempts of a message until it is a dead letter. */
export const MAX_ATTEMPTS = 5;
/** Between two attempts to store a dead letter, or to count an attempt. */
const PAUSE_MS = 1_000;

export interface ReceiverOptions {
  readonly source: Source;
  readonly group: string;
  /** By event type. A message of another type is acknowledged, without a span. */
  readonly handlers: Readonly<Record<string, Handle>>;
}

export class Receiver {
  readonly #group: string;
  readonly #source: Source;
  readonly #handlers: ReadonlyMap<string, Handle>;
  readonly #options: ConsumerOptions;
  readonly #attempts: Attempts;
  /** The attempt that is under way, by message. */
  readonly #begun = new Map<ReceivedMessage, number>();
  readonly #stopping = new AbortController();

  constructor({ source, group, handlers }: ReceiverOptions, options: ConsumerOptions) {
    this.#source = source;
    this.#group = group;
    this.#handlers = new Map(Object.entries(handlers));
    this.#options = options;
    // Redriven messages have another place, so their attempts are counted separately.
    this.#attempts = new Attempts(options.db, options.broker, nameOf(source));
  }

  /** The source's messages, with about `ahead` of them in hand. */
  async open(ahead: number, leaseMs?: number): Promise<InHand> {
    const options = leaseMs === undefined ? { ahead } : { ahead, leaseMs };
    const receiving = await this.#options.broker.receive(this.#source, options);
    return new InHand(receiving, (messages) => this.#attempts.undo(messages, this.#begun));
  }

  /** Takes messages, at most `limit` at once, until stopped. */
  async receive(limit: number, leaseMs?: number): Promise<RunningConsumer> {
    const inHand = await this.open(limit * 2, leaseMs);
    const running = inHand.each(limit, (message) => this.handle(message, "process"));
    return { stop: () => this.stop(inHand, running) };
  }

  async stop(inHand: InHand, running: Promise<void>): Promise<void> {
    this.#stopping.abort();
    await inHand.stop(running);
  }

  /** `receive`: the span of the batch that the message came in, for the moment "process in batch". Never throws. */
  async handle(message: ReceivedMessage, moment: Moment, receive?: SpanContext): Promise<void> {
    const handle = this.#handlers.get(message.type);
    if (!handle) {
      message.ack();
      return;
    }
    for (;;) {
      const counted = await this.#count(message);
      if (!counted) return;
      const delivery = this.#read(message, counted, receive);
      if (counted.number > MAX_ATTEMPTS) {
        await this.#giveUp(message, delivery, KILLED);
        return;
      }
      const placed = this.#source.kind === "redrives" ? "restart" : moment;
      const { mode, log } = this.#options;
      const outcome = await deliver(delivery, placed, mode, log, async () =>
        handle({ id: delivery.messageId, type: message.type, payload: payloadOf(message) }),
      );
      if (await this.#settle(message, delivery, outcome)) return;
    }
  }

  /** Counts the attempt that begins. Undefined when that cannot be written and the message was given back. */
  async #count(message: ReceivedMessage): Promise<Attempt | undefined> {
    while (!this.#stopping.signal.aborted) {
      try {
        const attempt = await this.#attempts.begin(message);
        this.#begun.set(message, attempt.number);
        return attempt;
      } catch (thrown) {
        const { over } = AppError.from(thrown);
        if (!over) this.#options.log.error({ err: thrown }, "an attempt could not be counted");
        await (over ?? this.#pause)().catch(() => {});
      }
    }
    message.giveBack();
    return undefined;
  }

  #pause = async (ms = PAUSE_MS): Promise<void> => {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  };

  #read(message: ReceivedMessage, attempt: Attempt, receive?: SpanContext): Delivery {
    const head = readHead(message.headers, message.place.replaceAll(":", "."));
    const isEvent = this.#source.kind !== "redrives";
    // Only a redrive sets this header. In an event it may come from anyone, so it is ignored.
    const before = isEvent ? "" : (message.headers[LAST_ATTEMPT] ?? "");
    const wasSent = isEvent && head.createdMs !== undefined && head.sentMs !== undefined;
    return {
      ...messagesAt(this.#options.broker, destinationOf(message.type), {
        group: this.#group,
        subscription: nameOf(this.#source),
      }),
      messageId: head.eventId,
      attempt: attempt.number,
      maxAttempts: MAX_ATTEMPTS,
      handover: {
        carrier: head.carrier,
        createdAtMs: head.createdMs,
        previousAttempt: attempt.previous ?? spanContextOf(before),
        receive,
      },
      waits: [
        ...(wasSent ? [{ kind: "outbox" as const, ms: (head.sentMs ?? 0) - (head.createdMs ?? 0) }] : []),
        { kind: "stream", ms: Date.now() - message.storedMs },
      ],
      attributes: {
        [ATTR.destination]: message.destination,
        ...(message.lane === undefined ? {} : { [ATTR.partition]: String(message.lane) }),
      },
    };
  }

  /** Tells the broker the outcome. False when the message is to be retried in hand. */
  async #settle(message: ReceivedMessage, delivery: Delivery, outcome: Outcome): Promise<boolean> {
    if (outcome.kind === "dead-letter") {
      const { code, reason, message: detail } = outcome.error;
      await this.#giveUp(message, delivery, { reason: reason ?? code, detail, lastAttempt: outcome.span });
      return true;
    }
    if (outcome.kind === "ack") {
      message.ack();
      await this.#forget(message);
      return true;
    }
    // The service stops during an outage: that was no attempt.
    if (outcome.error.over !== undefined) {
      await this.#giveBack(message);
      return true;
    }
    await this.#attempts.failed(message, delivery.attempt, outcome.span).catch((err) => {
      this.#options.log.warn(
        { err, [ATTR.messageId]: delivery.messageId },
        "the next attempt will not link to this one",
      );
    });
    // The failed attempt is written. A stop must not undo it.
    this.#begun.delete(message);
    const afterMs = 200 * 2 ** (delivery.attempt - 1);
    if (this.#options.broker.can.delays) {
      message.again(afterMs);
      return true;
    }
    await this.#pause(afterMs);
    return false;
  }

  async #giveBack(message: ReceivedMessage): Promise<void> {
    await this.#attempts.undo([message], this.#begun).catch(() => {});
    this.#begun.delete(message);
    message.giveBack();
  }

  async #forget(message: ReceivedMessage): Promise<void> {
    this.#begun.delete(message);
    // A row that is left behind is deleted by a later cleaning.
    await this.#attempts.forget(message).catch(() => {});
  }

  /** Dead-letters the message. While that fails it stays in hand, which uses up no attempt. */
  async #giveUp(
    message: ReceivedMessage,
    delivery: Delivery,
    why: { readonly reason: string; readonly detail: string; readonly lastAttempt?: SpanContext },
  ): Promise<void> {
    const { broker, log } = this.#options;
    const owner = nameOf(this.#source);
    const letter = {
      id: `${message.place}:${owner}`,
      consumer: owner,
      group: this.#group,
      type: message.type,
      ...why,
      lastAttempt: why.lastAttempt,
      attempts: Math.min(delivery.attempt, MAX_ATTEMPTS),
      redriven: this.#source.kind === "redrives" ? redrivenOf(message.headers) : 0,
      head: readHead(message.headers, delivery.messageId),
      data: message.data,
    };
    do {
      try {
        await bury(broker, letter);
        message.done();
        // The row of its attempts stays: without it a redelivery that is already on its way would count from 1 again.
        this.#begun.delete(message);
        return;
      } catch (err) {
        log.error(
          { err, [ATTR.messageId]: delivery.messageId },
          "could not be dead-lettered, it is tried again",
        );
        await this.#pause();
      }
    } while (!this.#stopping.signal.aborted);
    await this.#giveBack(message);
  }
}

/** For a message whose attempts are used up and whose consumer was lost in the last one. */
const KILLED = {
  reason: "consumer_lost",
  detail: `tried ${MAX_ATTEMPTS} times, and the consumer was lost in the last attempt`,
};
