/** One database and one role for each service, so that no service can read another's tables. */
import { type Client, DatabaseError } from "pg";
import { errorFrom, Problem } from "../problem.ts";
import { type Bounds, whileMoving } from "../while-moving.ts";
import { withPostgres } from "./postgres.ts";

export interface Database {
  /** Service that owns it. */
  readonly service: string;
  /** With the service's own role and password. */
  readonly url: string;
}

const nameFor = (service: string): string => `baton_${service}`;
const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** `url` with another user, password and database. */
function urlFor(url: string, name: string, password: string): string {
  const own = new URL(url);
  own.username = name;
  own.password = password;
  own.pathname = `/${name}`;
  return own.toString();
}

const exists = async (client: Client, question: string, name: string): Promise<boolean> =>
  (await client.query(question, [name])).rowCount === 1;

/** Address of the database of `service`, with its own role. `url`: of the server. */
export const databaseUrl = (url: string, service: string, password: string): string =>
  urlFor(url, nameFor(service), password);

async function makeOne(url: string, service: string, password: string): Promise<Database> {
  const name = nameFor(service);
  const role = identifier(name);
  await withPostgres(url, async (client) => {
    const hasRole = await exists(client, "SELECT 1 FROM pg_roles WHERE rolname = $1", name);
    const hasDatabase = await exists(client, "SELECT 1 FROM pg_database WHERE datname = $1", name);
    await client.query(`${hasRole ? "ALTER" : "CREATE"} ROLE ${role} LOGIN PASSWORD ${literal(password)}`);
    if (!hasDatabase) {
      // An administrator who is no superuser must be a member of the role that is to own the database.
      await client.query(`GRANT ${role} TO CURRENT_USER`);
      await client.query(`CREATE DATABASE ${role} OWNER ${role} TEMPLATE template0 ENCODING 'UTF8'`);
    }
    // Also for a database that an interrupted attempt has made.
    await client.query(`REVOKE CONNECT ON DATABASE ${role} FROM PUBLIC`);
  });
  return { service, url: databaseUrl(url, service, password) };
}

/** SQLSTATEs that allow a retry: no connection is free, or an interrupted attempt is still being carried out. */
const PASSING = /^(08...|53300|57P0.|42P04|42710|23505)$/;
const isRefusal = (error: unknown): boolean =>
  error instanceof DatabaseError && !PASSING.test(error.code ?? "");

export interface MakeOptions {
  readonly signal: AbortSignal;
  /** Whether the server has done something since the last call: a busy one is waited for. */
  readonly hasMoved: () => Promise<boolean>;
  readonly bounds?: Bounds;
}

/** Makes one, with retries until the server refuses it: an attempt may be cut off or time out. */
async function makePatiently(
  url: string,
  service: string,
  password: string,
  options: MakeOptions,
): Promise<Database> {
  const attempt = async (): Promise<{ made: Database } | { refusal: unknown }> => {
    try {
      return { made: await makeOne(url, service, password) };
    } catch (error) {
      if (isRefusal(error)) return { refusal: error };
      throw error;
    }
  };
  const outcome = await whileMoving(attempt, {
    ...options,
    onLate: (how, last) => new Error(`no connection ${how}: ${errorFrom(last).message}`, { cause: last }),
  });
  if ("refusal" in outcome) throw outcome.refusal;
  return outcome.made;
}

/**
 * Makes the database `baton_<service>` and the role of the same name for each of `services`, and keeps existing ones.
 * `url`: a role that may create both. `passwordFor`: the password for a service's role. One connection for each
 * service, all at once, takes half the time of a single one.
 */
export async function makeDatabases(
  url: string,
  services: readonly string[],
  passwordFor: (service: string) => string,
  options: MakeOptions,
): Promise<Database[]> {
  try {
    return await Promise.all(
      services.map((service) => makePatiently(url, service, passwordFor(service), options)),
    );
  } catch (cause) {
    options.signal.throwIfAborted();
    const why = errorFrom(cause).message;
    throw new Problem("server_unfit", `Postgres: a database for each service could not be made: ${why}`, {
      cause,
    });
  }
}

/** Drops `baton_<service>`, database and role, for each of `services`, and nothing else. */
export async function dropDatabases(url: string, services: readonly string[]): Promise<void> {
  await withPostgres(url, async (client) => {
    for (const name of services.map(nameFor)) {
      await client.query(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`);
      await client.query(`DROP ROLE IF EXISTS ${identifier(name)}`);
    }
  });
}
