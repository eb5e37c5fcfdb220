/** The thread that answers, as the main one knows it. */
import type { MessagePort } from "node:worker_threads";
import type { Logger } from "pino";
import type { FromQuery, QuerySettings, ToQuery } from "./messages.ts";
import { Thread } from "./thread.ts";

export class QueryLink {
  readonly #thread: Thread<ToQuery, FromQuery>;
  readonly #listening = Promise.withResolvers<string>();
  #url = "";
  readonly #closed = Promise.withResolvers<void>();

  private constructor(settings: QuerySettings, log: Logger) {
    const entry = new URL("./query.ts", import.meta.url);
    const about = { name: "lens query", entry, data: settings, log };
    this.#thread = new Thread(about, [settings.questions as MessagePort], (message) => {
      if ("url" in message) this.#listening.resolve(message.url);
      else this.#closed.resolve();
    });
  }

  /** Starts the thread and resolves when it listens. Rejects with an Error that names the port when it is taken. */
  static async start(settings: QuerySettings, log: Logger): Promise<QueryLink> {
    const link = new QueryLink(settings, log);
    link.#url = await Promise.race([link.#listening.promise, link.failed]);
    return link;
  }

  get url(): string {
    return this.#url;
  }

  /** Rejects when the thread ends by itself. */
  get failed(): Promise<never> {
    return this.#thread.failed;
  }

  /** Lets running questions end for `graceMs`, and ends the thread. */
  async close(graceMs: number): Promise<void> {
    this.#thread.tell({ close: graceMs });
    await Promise.race([this.#closed.promise, this.failed.catch(() => {})]);
    await this.#thread.end();
  }
}
