/** The thread that writes, as the one that answers knows it. */
import type { MessagePort } from "node:worker_threads";
import type { Eviction } from "../store/write/tally.ts";
import type { FromWriterToQuery, SyncAsked } from "./messages.ts";

/** A writer that is kept by the disk keeps no question: it is answered from what is there. */
const MOST_MS = 1_000;

export class WriterQuestions {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, () => void>();
  #asked = 0;

  /** `onEvict`: told of what went. */
  constructor(port: MessagePort, onEvict: (eviction: Eviction) => void) {
    this.#port = port;
    port.on("message", (message: FromWriterToQuery) => {
      if ("evicted" in message) for (const eviction of message.evicted) onEvict(eviction);
      else this.#waiting.get(message.synced)?.();
    });
  }

  /** Resolves when all that was answered until now can be read, or after a second. */
  sync(): Promise<void> {
    const sync = ++this.#asked;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(late);
        this.#waiting.delete(sync);
        resolve();
      };
      const late = setTimeout(done, MOST_MS);
      this.#waiting.set(sync, done);
      this.#port.postMessage({ sync } satisfies SyncAsked);
    });
  }
}
