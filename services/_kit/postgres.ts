/** Postgres: a pool, transactions, and a schema that is applied once however many replicas start at a time. */
import { readFile } from "node:fs/promises";
import pg from "pg";
import type { Logger } from "./log.ts";

/** Whatever runs a query: the pool, or the one connection of a transaction. */
export interface Sql {
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<R>>;
}

export interface Database extends Sql {
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T>;
  /** A connection of its own, for LISTEN; whoever asks ends it. */
  dedicated(): Promise<pg.Client>;
  close(): Promise<void>;
}

const SCHEMA_LOCK = 7_240_001;

/** Connects to `url` and applies `schemas` (files of idempotent SQL, in order). */
export async function openDatabase(
  url: string,
  schemas: readonly URL[],
  log: Logger,
  poolSize = 10,
): Promise<Database> {
  const settings = { connectionString: url, connectionTimeoutMillis: 5_000, application_name: "baton" };
  const pool = new pg.Pool({ ...settings, max: poolSize });
  const lost = (err: Error) => log.warn({ err: err.message }, "lost a database connection");
  // Idle or in a transaction, the pool replaces it. Without a listener on the client itself, one that is lost inside
  // a transaction would end the process.
  pool.on("connect", (client) => client.on("error", lost));
  // The same once more, for those that were idle.
  pool.on("error", () => {});
  const database: Database = {
    query: (text, values) => pool.query(text, values),
    transaction: async (work) => {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query("BEGIN");
        const result = await work(client);
        const { command } = await client.query("COMMIT");
        // What Postgres answers when a statement failed and `work` went on as if it had not.
        if (command !== "COMMIT")
          throw new Error("the transaction was rolled back: a statement in it had failed");
        return result;
      } catch (thrown) {
        await client.query("ROLLBACK").catch((err: Error) => {
          broken = err;
        });
        throw thrown;
      } finally {
        client.release(broken);
      }
    },
    dedicated: async () => {
      const client = new pg.Client(settings);
      client.on("error", lost);
      await client.connect();
      return client;
    },
    close: () => pool.end(),
  };
  await database.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
    for (const schema of schemas) await tx.query(await readFile(schema, "utf8"));
  });
  return database;
}
