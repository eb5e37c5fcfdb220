/** Turns the messages of one source into deliveries, counts their attempts, and tells the broker how each went. */
import { setTimeout as delay } from "node:timers/promises";
import type { SpanContext } from "@opentelemetry/api";
import type { Database } from "../database/postgres.ts";
import { AppError } from "../process/errors.ts";
import { ATTR } from "../telemetry/conventions.ts";
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
  /** The service's own, with `attemptsSchema`. */
  readonly db: Database;
  readonly mode: AsyncMode;
  readonly log: Logger;
}

export interface RunningConsumer {
  /** Takes no more messages; resolves when those under way are done, or are given back because it took too long. */
  stop(): Promise<void>;
}

/** So often a message is tried before it is given up. */
export const MAX_ATTEMPTS = 5;
/** Between two attempts to store a dead letter, or to count an attempt. */
const PAUSE_MS = 1_000;

export interface ReceiverOptions {
  readonly source: Source;
  readonly group: string;
  /** By event type. A message of another type is acknowledged, without a span. */
  readonly handlers: Readonly<Record<string, Handle>>;
}

/** Turns the messages of one source into deliveries, and outcomes into what the broker is told. */
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
    // What is redriven is told apart by its place.
    this.#attempts = new Attempts(options.db, options.broker, nameOf(source));
  }

  /** The source's messages, about `ahead` of them in hand. */
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

  /** Counts the attempt that begins; undefined when the message was given back because that cannot be written. */
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
    // Only ours to say: in an event it would be a stranger's word.
    const before = isEvent ? "" : (message.headers[LAST_ATTEMPT] ?? "");
    const wasSent = isEvent && head.createdMs !== undefined && head.sentMs !== undefined;
    return {
      system: this.#options.broker.system,
      name: destinationOf(message.type),
      group: this.#group,
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
        [ATTR.subscription]: nameOf(this.#source),
      },
    };
  }

  /** Tells the broker how it went; false when it is to be tried once more in hand. */
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
    // We are to stop while an outage lasts: that was no attempt.
    if (outcome.error.over !== undefined) {
      await this.#giveBack(message);
      return true;
    }
    await this.#attempts.failed(message, delivery.attempt, outcome.span).catch((err) => {
      this.#options.log.warn(
        { err, message: delivery.messageId },
        "the next attempt will not link to this one",
      );
    });
    // Written down, and no longer under way: a stop must not undo it.
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
    // What is left behind is cleaned away in time.
    await this.#attempts.forget(message).catch(() => {});
  }

  /** Dead-letters it. While that does not work it stays in hand: no attempt is used up by it. */
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
        // Its row stays: a delivery that was already on its way would begin to count anew.
        this.#begun.delete(message);
        return;
      } catch (err) {
        log.error({ err, message: delivery.messageId }, "could not be dead-lettered, it is tried again");
        await this.#pause();
      }
    } while (!this.#stopping.signal.aborted);
    await this.#giveBack(message);
  }
}

/** Of a message that was begun as often as it may be, and never told of. */
const KILLED = {
  reason: "consumer_lost",
  detail: `tried ${MAX_ATTEMPTS} times, and its consumer never said how it went`,
};
