/**
 * The messages that a consumer holds: delivered to this process, not yet settled. A broker's client asks for more when
 * messages come in, not when they are done, so that many lie here and wait for their turn. The broker is told that those
 * are alive, too: otherwise it delivers them again while they wait.
 */
import { endsWithin } from "../process/within.ts";
import type { ReceivedMessage, Receiving } from "./broker.ts";

/** How long those under way get to end when their consumer stops: well within what a process gets for all it releases. */
export const STOP_WITHIN_MS = 500;
/** How long a stop waits until it is written that what is given back was not tried. */
const UNDO_WITHIN_MS = 200;

/** Told of messages that are about to be given back. */
export type OnGiveBack = (messages: readonly ReceivedMessage[]) => Promise<void>;

export class InHand implements AsyncIterable<ReceivedMessage> {
  readonly #receiving: Receiving;
  readonly #onGiveBack: OnGiveBack;
  readonly #held = new Set<ReceivedMessage>();
  readonly #waiting: ReceivedMessage[] = [];
  readonly #alive: NodeJS.Timeout | undefined;
  readonly #taking: Promise<void>;
  #change = Promise.withResolvers<void>();
  #stopped = false;

  constructor(receiving: Receiving, onGiveBack: OnGiveBack = async () => {}) {
    this.#receiving = receiving;
    this.#onGiveBack = onGiveBack;
    const { leaseMs } = receiving;
    // A third, so that one that is late or lost does no harm.
    this.#alive = leaseMs === undefined ? undefined : setInterval(() => this.#sayAlive(), leaseMs / 3);
    this.#taking = this.#take();
  }

  /** Each message in its turn, when the caller asks for it. Ends after `stop`; throws what the source ends with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage> {
    while (!this.#stopped) {
      const message = this.#waiting.shift();
      if (message === undefined) await this.#change.promise;
      else yield message;
    }
    await this.#taking;
  }

  /** Handles each message, at most `limit` at once, until stopped. `handle` settles it; it never throws. */
  async each(limit: number, handle: (message: ReceivedMessage) => Promise<void>): Promise<void> {
    const underWay = new Set<Promise<void>>();
    for await (const message of this) {
      const work = handle(message).finally(() => {
        this.settled(message);
        underWay.delete(work);
      });
      underWay.add(work);
      if (underWay.size >= limit) await Promise.race(underWay);
    }
    await Promise.all(underWay);
  }

  /** To be called once for each message that was taken: it has been settled. */
  settled(message: ReceivedMessage): void {
    this.#held.delete(message);
    if (this.#stopped && this.#held.size === 0) clearInterval(this.#alive);
  }

  /**
   * Takes no more, gives those that still wait back to the broker, for whoever asks next, and waits for `underWay`. What
   * is not done when the time is up is given back, too: its own acknowledgement then comes too late and counts for nothing.
   */
  async stop(underWay: Promise<void> = Promise.resolve()): Promise<void> {
    this.#stopped = true;
    this.#change.resolve();
    // First, or the broker gives what comes back to this consumer again.
    await this.#receiving.close();
    await this.#giveBack(this.#waiting.splice(0));
    if (await endsWithin(underWay, STOP_WITHIN_MS)) return;
    await this.#giveBack([...this.#held]);
  }

  async #giveBack(messages: readonly ReceivedMessage[]): Promise<void> {
    if (messages.length === 0) return;
    // When it cannot be written each counts as one attempt more than it was.
    await endsWithin(this.#onGiveBack(messages), UNDO_WITHIN_MS).catch(() => {});
    for (const message of messages.filter((one) => this.#held.has(one))) {
      message.giveBack();
      this.settled(message);
    }
  }

  async #take(): Promise<void> {
    try {
      for await (const message of this.#receiving) {
        this.#held.add(message);
        this.#waiting.push(message);
        this.#change.resolve();
        this.#change = Promise.withResolvers();
      }
    } finally {
      this.#stopped = true;
      this.#change.resolve();
    }
  }

  #sayAlive(): void {
    try {
      for (const message of this.#held) message.alive();
    } catch {
      // The connection is closed for good: the broker will deliver them to somebody else.
      clearInterval(this.#alive);
    }
  }
}
