/** The states of an order: first those that it has been in, then each new one. Each comes once and in order. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Orders, StatusChange } from "./ports.ts";
import type { StatusFeed } from "./status-feed.ts";

/** Nothing comes after these. */
const FINAL: ReadonlySet<string> = new Set(["REJECTED", "CANCELLED", "DELIVERED"]);

/** Watches `orderId` from behind position `after` until a final state or `signal`, which must abort at some time. */
export type WatchOrder = (
  orderId: string,
  after: number,
  signal: AbortSignal,
) => Promise<AsyncIterable<StatusChange> | undefined>;

/** Answers undefined when nothing will ever come. Fails with `not_found`. */
export function makeWatchOrder(orders: Pick<Orders, "history">, feed: StatusFeed): WatchOrder {
  return async (orderId, after, signal) => {
    const changes = new Changes(after);
    const look = async () => changes.add(...(await orders.history(orderId, signal)));
    // Watching begins before the history is read. A change in between would be in neither otherwise.
    const early: StatusChange[] = [];
    let tell = (change: StatusChange): void => {
      early.push(change);
    };
    const unwatch = feed.watch(orderId, {
      changed: (change) => tell(change),
      // If the history cannot be read, the stream ends and the client reconnects; it would stay silent otherwise. The
      // lookup runs in the context of the request that opened the stream, with its trace and its correlation id.
      missed: AsyncLocalStorage.bind(() => look().catch(() => changes.end())),
    });
    const over = () => {
      unwatch();
      changes.end();
    };
    signal.addEventListener("abort", over, { once: true });
    try {
      await look();
    } catch (thrown) {
      over();
      throw thrown;
    }
    tell = (change) => changes.add(change);
    changes.add(...early);
    return changes.isDone ? undefined : changes;
  };
}

/** Takes changes in any order and any number of times, and yields each once. Holds at most one for each state. */
class Changes implements AsyncIterable<StatusChange> {
  readonly #ready: StatusChange[] = [];
  #last: number;
  #ended = false;
  #more = Promise.withResolvers<void>();

  constructor(after: number) {
    this.#last = after;
  }

  /** Nothing is there and nothing will come. */
  get isDone(): boolean {
    return this.#ended && this.#ready.length === 0;
  }

  add(...changes: readonly StatusChange[]): void {
    for (const change of changes) {
      if (FINAL.has(change.status)) this.#ended = true;
      if (change.position <= this.#last) continue;
      this.#last = change.position;
      this.#ready.push(change);
    }
    this.#more.resolve();
  }

  end(): void {
    this.#ended = true;
    this.#more.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StatusChange> {
    while (true) {
      const next = this.#ready.shift();
      if (next !== undefined) yield next;
      else if (this.#ended) return;
      else {
        await this.#more.promise;
        this.#more = Promise.withResolvers();
      }
    }
  }
}
