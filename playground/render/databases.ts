/** services/databases.sql: what compose's Postgres makes at its first start. */
import type { Service } from "../../services/declare.ts";

/** The whole file. */
export function databasesSql(services: readonly Service[]): string {
  const names = services.filter(({ database }) => database).map(({ name }) => `baton_${name}`);
  return `${[
    "-- Rendered from services/topology.ts by `npm run render`.",
    "-- For compose's Postgres, at its first start: a database and a role for each service, so that none reads another's",
    "-- tables. (`npm start` does the same in playground/provide/databases.ts.) The passwords are no secret, see",
    "-- compose.yaml.",
    ...names.map((name) => `CREATE ROLE ${name} LOGIN PASSWORD '${name}';`),
    ...names.map((name) => `CREATE DATABASE ${name} OWNER ${name};`),
    `REVOKE CONNECT ON DATABASE ${names.join(", ")} FROM PUBLIC;`,
  ].join("\n")}\n`;
}
