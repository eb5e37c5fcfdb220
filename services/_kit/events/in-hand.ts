/**
 * The messages that a consumer holds: delivered to this process and not yet settled. A broker's client asks for more
 * when messages come in, not when they are done, so that many wait here for their turn. Their leases are renewed as
 * well: otherwise the broker would redeliver them while they wait.
 */
import { endsWithin } from "../process/within.ts";
import type { ReceivedMessage, Receiving } from "./broker.ts";

/** The time for messages under way to end when their consumer stops: well below a process's time for all releases. */
export const STOP_WITHIN_MS = 500;
/** How long a stop waits for `OnGiveBack`, which writes that the messages were not tried. */
const UNDO_WITHIN_MS = 200;

/** Called with messages that are about to be given back. */
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
    // A third of the lease, so that one late or lost renewal does no harm.
    this.#alive = leaseMs === undefined ? undefined : setInterval(() => this.#sayAlive(), leaseMs / 3);
    this.#taking = this.#take();
  }

  /** Yields each message in its turn, when the caller asks for it. Ends after `stop`. Throws the source's error. */
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

  /** To be called once for each message that was taken, when it is settled. */
  settled(message: ReceivedMessage): void {
    this.#held.delete(message);
    if (this.#stopped && this.#held.size === 0) clearInterval(this.#alive);
  }

  /**
   * Takes no more messages, gives the waiting ones back to the broker, and waits for `underWay`. Messages that are not
   * done at the timeout are given back too; their own acknowledgement then comes too late and has no effect.
   */
  async stop(underWay: Promise<void> = Promise.resolve()): Promise<void> {
    this.#stopped = true;
    this.#change.resolve();
    // This comes first. Otherwise the broker would redeliver to this consumer what it gives back.
    await this.#receiving.close();
    await this.#giveBack(this.#waiting.splice(0));
    if (await endsWithin(underWay, STOP_WITHIN_MS)) return;
    await this.#giveBack([...this.#held]);
  }

  async #giveBack(messages: readonly ReceivedMessage[]): Promise<void> {
    if (messages.length === 0) return;
    // If this cannot be written, each message counts one attempt too many.
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
      // The connection is closed for good: the broker will redeliver them to another consumer.
      clearInterval(this.#alive);
    }
  }
}
