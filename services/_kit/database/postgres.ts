/** Postgres: a pool, transactions, and a schema that is applied by one replica at a time. */
import { readFile } from "node:fs/promises";
import pg from "pg";
import { AppError } from "../process/errors.ts";
import { Outage } from "../process/outage.ts";
import { patiently } from "../process/patiently.ts";
import type { Logger } from "../telemetry/log.ts";

/** Runs queries: the pool, or the one connection of a transaction. */
export interface Sql {
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<R>>;
}

export interface Database extends Sql {
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T>;
  /** A connection outside the pool, for LISTEN. The caller ends it. */
  dedicated(): Promise<pg.Client>;
  close(): Promise<void>;
}

const SCHEMA_LOCK = 7_240_001;

/** Errors of the connection itself: from Node, from the server (SQLSTATE), and from the client, which has no codes. */
const NO_CONNECTION = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);
const NO_SERVER = /^(08...|57P0[123]|53300)$/;
const NO_CLIENT =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection)/;

function isOutage(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { code = "", message } = thrown as NodeJS.ErrnoException;
  return NO_CONNECTION.has(code) || NO_SERVER.test(code) || NO_CLIENT.test(message);
}

export interface DatabaseOptions {
  /** 10 by default. */
  readonly poolSize?: number;
  /** The timeout for a new connection, or for a free one of the pool; 5 s by default. */
  readonly connectWithinMs?: number;
  /** Ends all waiting for the end of an outage. */
  readonly signal?: AbortSignal;
}

/**
 * Connects to `url`, waits for a server that is late, and applies `schemas` (files of idempotent SQL, in order).
 * Afterwards, while the server is away or no connection is free, everything fails with `unavailable` and an `over`.
 */
export async function openDatabase(
  url: string,
  schemas: readonly URL[],
  log: Logger,
  { poolSize = 10, connectWithinMs = 5_000, signal }: DatabaseOptions = {},
): Promise<Database> {
  const settings = {
    connectionString: url,
    connectionTimeoutMillis: connectWithinMs,
    application_name: "baton",
  };
  // The pool's metrics are named after these options, which the driver alone would only read from the URL.
  const { host, port, database: name } = new pg.Client(settings);
  const pool = new pg.Pool({ ...settings, host, port, ...(name && { database: name }), max: poolSize });
  const lost = (err: Error) => log.warn({ err: err.message }, "lost a database connection");
  // The pool replaces a lost connection. Without a listener on the client itself, a connection that is lost inside a
  // transaction would end the process.
  pool.on("connect", (client) => client.on("error", lost));
  // The pool repeats the errors of idle clients.
  pool.on("error", () => {});
  const outage = new Outage({ what: "the database", isOutage, ask: () => pool.query("SELECT 1"), signal });
  const told = (thrown: unknown): never => {
    throw outage.tell(thrown);
  };
  const database: Database = {
    query: <R extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
      pool.query<R>(text, values).catch(told),
    transaction: async (work) => {
      const client = await pool.connect().catch(told);
      // Only errors of this connection are reported as an outage: `work` may fail to reach something else.
      const tx: Sql = {
        query: <R extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
          client.query<R>(text, values).catch(told),
      };
      let broken: Error | undefined;
      try {
        await tx.query("BEGIN");
        const result = await work(tx);
        const { command } = await tx.query("COMMIT");
        // Postgres answers ROLLBACK when a statement failed and `work` ignored that.
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
  const apply = () =>
    database.transaction(async (tx) => {
      await tx.query("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
      for (const schema of schemas) await tx.query(await readFile(schema, "utf8"));
    });
  const isLate = (thrown: unknown): boolean => thrown instanceof AppError && thrown.code === "unavailable";
  await patiently(apply, { what: "the database", isLate, log, signal }).catch(async (thrown) => {
    await pool.end();
    throw thrown;
  });
  return database;
}
