/**
 * The messages that a consumer holds: delivered to this process, not yet settled. The client asks the server for more
 * when messages come in, not when they are done, so that many lie here and wait for their turn. The server is told
 * `working` for those too: otherwise it delivers them again while they wait, and each delivery counts as an attempt.
 */
import type { ConsumerMessages, JsMsg } from "@nats-io/jetstream";

export class InHand implements AsyncIterable<JsMsg> {
  readonly #messages: ConsumerMessages;
  readonly #held = new Set<JsMsg>();
  readonly #waiting: JsMsg[] = [];
  readonly #alive: NodeJS.Timeout;
  readonly #taking: Promise<void>;
  #change = Promise.withResolvers<void>();
  #stopped = false;

  /** Takes what `messages` delivers, at most the durable's `max_ack_pending`. `ackWaitMs`: the durable's. */
  constructor(messages: ConsumerMessages, ackWaitMs: number) {
    this.#messages = messages;
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

  /** To be called once for each message that was taken: it has been acknowledged, or given back. */
  settled(message: JsMsg): void {
    this.#held.delete(message);
    if (this.#stopped && this.#held.size === 0) clearInterval(this.#alive);
  }

  /** Takes no more, and gives those that still wait back to the server, for whoever asks next. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#change.resolve();
    // First, or the server gives what comes back to this consumer again.
    await this.#messages.close();
    for (const message of this.#waiting.splice(0)) {
      message.nak();
      this.settled(message);
    }
    if (this.#held.size === 0) clearInterval(this.#alive);
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
