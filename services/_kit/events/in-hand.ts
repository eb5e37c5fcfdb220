/**
 * The messages that a consumer holds: delivered to this process, not yet settled. The client asks the server for more
 * when messages come in, not when they are done, so that many lie here and wait for their turn. The server is told
 * `working` for those too: otherwise it delivers them again while they wait, and each delivery counts as an attempt.
 */
import type { ConsumerMessages, JsMsg } from "@nats-io/jetstream";

/** How long those under way get to end when their consumer stops: well within what a process gets for all it releases. */
export const STOP_WITHIN_MS = 500;

export class InHand implements AsyncIterable<JsMsg> {
  readonly #messages: ConsumerMessages;
  readonly #forget: () => Promise<unknown>;
  readonly #held = new Set<JsMsg>();
  readonly #waiting: JsMsg[] = [];
  readonly #alive: NodeJS.Timeout;
  readonly #taking: Promise<void>;
  #change = Promise.withResolvers<void>();
  #stopped = false;

  /**
   * Takes what `messages` delivers, at most the durable's `max_ack_pending`. `ackWaitMs`: the durable's. `forget`: makes the
   * server forget what this consumer has asked for; asking for the durable's state does.
   */
  constructor(messages: ConsumerMessages, ackWaitMs: number, forget: () => Promise<unknown>) {
    this.#messages = messages;
    this.#forget = forget;
    // A third, so that one that is late or lost does no harm.
    this.#alive = setInterval(() => this.#sayWorking(), ackWaitMs / 3);
    this.#taking = this.#take();
  }

  /** Each message in its turn, when the caller asks for it. Ends after `stop`; throws what the consumer ends with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<JsMsg> {
    while (!this.#stopped) {
      const message = this.#waiting.shift();
      if (message === undefined) await this.#change.promise;
      else yield message;
    }
    await this.#taking;
  }

  /** Handles each message, at most `limit` at once, until stopped. `handle` acknowledges; it never throws. */
  async each(limit: number, handle: (message: JsMsg) => Promise<void>): Promise<void> {
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

  /** To be called once for each message that was taken: it has been acknowledged, or given back. */
  settled(message: JsMsg): void {
    this.#held.delete(message);
    if (this.#stopped && this.#held.size === 0) clearInterval(this.#alive);
  }

  /**
   * Takes no more, gives those that still wait back to the server, for whoever asks next, and waits for `underWay`. What
   * is not done when the time is up is given back, too: its own acknowledgement then comes too late and counts for nothing.
   */
  async stop(underWay: Promise<void> = Promise.resolve()): Promise<void> {
    this.#stopped = true;
    this.#change.resolve();
    // First, or the server gives what comes back to this consumer again.
    await this.#messages.close();
    // Also first: nats-server 2.9 loses what is given back, until `ack_wait`, to a request that nobody listens for.
    await this.#forget().catch(() => {});
    for (const message of this.#waiting.splice(0)) this.#giveBack(message);
    if (await endsWithin(underWay, STOP_WITHIN_MS)) return;
    for (const message of this.#held) this.#giveBack(message);
  }

  #giveBack(message: JsMsg): void {
    message.nak();
    this.settled(message);
  }

  async #take(): Promise<void> {
    try {
      for await (const message of this.#messages) {
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

  #sayWorking(): void {
    try {
      for (const message of this.#held) message.working();
    } catch {
      // The connection is closed for good: the server will deliver them to somebody else.
      clearInterval(this.#alive);
    }
  }
}

/** True when `work` ended in time; throws what it fails with. */
export async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, ms, false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
