/** Listens for rows that were appended to the outbox, so that the relay need not poll all the time. */
import type { Database } from "./postgres.ts";

/** The connection that listens. After a loss it can be opened again. */
export class OutboxListener {
  readonly #db: Database;
  readonly #onAppend: () => void;
  #client: Awaited<ReturnType<Database["dedicated"]>> | undefined;

  constructor(db: Database, onAppend: () => void) {
    this.#db = db;
    this.#onAppend = onAppend;
  }

  /** Does nothing when it is open already. */
  async open(): Promise<void> {
    if (this.#client) return;
    const client = await this.#db.dedicated();
    client.on("notification", this.#onAppend);
    client.on("end", () => {
      if (this.#client === client) this.#client = undefined;
    });
    await client.query("LISTEN outbox");
    this.#client = client;
  }

  async close(): Promise<void> {
    await this.#client?.end();
  }
}
