/** One database and one role for each service, so that none can read another's tables. */
import { Problem } from "../problem.ts";
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

const exists = async (url: string, question: string, name: string): Promise<boolean> =>
  withPostgres(url, async (client) => (await client.query(question, [name])).rowCount === 1);

/** Address of the database of `service`, with its own role. `url`: of the server. */
export const databaseUrl = (url: string, service: string, password: string): string =>
  urlFor(url, nameFor(service), password);

async function makeOne(url: string, service: string, password: string): Promise<Database> {
  const name = nameFor(service);
  const role = identifier(name);
  const hasRole = await exists(url, "SELECT 1 FROM pg_roles WHERE rolname = $1", name);
  const hasDatabase = await exists(url, "SELECT 1 FROM pg_database WHERE datname = $1", name);
  await withPostgres(url, async (client) => {
    await client.query(`${hasRole ? "ALTER" : "CREATE"} ROLE ${role} LOGIN PASSWORD ${literal(password)}`);
    if (hasDatabase) return;
    // An administrator who is no superuser must be a member of the role that is to own the database.
    await client.query(`GRANT ${role} TO CURRENT_USER`);
    await client.query(`CREATE DATABASE ${role} OWNER ${role} TEMPLATE template0 ENCODING 'UTF8'`);
    await client.query(`REVOKE CONNECT ON DATABASE ${role} FROM PUBLIC`);
  });
  return { service, url: databaseUrl(url, service, password) };
}

/**
 * Makes the database `baton_<service>` and the role of the same name for each of `services`, and keeps what is there.
 * `url`: a role that may create both. `passwordFor`: the password that a service's role shall have.
 */
export async function makeDatabases(
  url: string,
  services: readonly string[],
  passwordFor: (service: string) => string,
): Promise<Database[]> {
  try {
    return await Promise.all(services.map((service) => makeOne(url, service, passwordFor(service))));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
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
