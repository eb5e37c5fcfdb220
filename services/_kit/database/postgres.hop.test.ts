import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, freshDatabase, quiet } from "../../../tests/fixtures.ts";
import { type Database, openDatabase, type Sql } from "./postgres.ts";

const opened: Database[] = [];
const open = async (url: string, schemas: URL[] = [], poolSize = 10) => {
  const db = await openDatabase(url, schemas, quiet, { poolSize });
  opened.push(db);
  return db;
};
let folder: string;
let url: string;
/** Has one connection, so that a test knows which one the next query takes. */
let db: Database;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "baton-postgres-"));
  url = await freshDatabase(inject("postgresUrl"));
  db = await open(url, [], 1);
  await db.query("CREATE TABLE things (name text PRIMARY KEY)");
});
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await rm(folder, { recursive: true, force: true });
});

const add = (sql: Sql, name: string) => sql.query("INSERT INTO things (name) VALUES ($1)", [name]);
const has = async (name: string) =>
  (await db.query("SELECT 1 FROM things WHERE name = $1", [name])).rows.length === 1;
const pidOf = async (sql: Sql) =>
  (await sql.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]?.pid;

test("a transaction that resolves is committed, and returns what its work returns", async () => {
  const answer = await db.transaction(async (tx) => {
    await add(tx, "kept");
    return 7;
  });
  expect(answer).toBe(7);
  expect(await has("kept")).toBe(true);
});

test("a transaction that throws is rolled back, rethrows, and returns its connection to the pool", async () => {
  const error = new Error("changed my mind");
  const failing = db.transaction(async (tx) => {
    await add(tx, "undone");
    throw error;
  });
  await expect(failing).rejects.toBe(error);
  expect(await has("undone")).toBe(false);
});

test("a transaction in which a statement failed does not resolve, even if its work ignores the failure", async () => {
  const going = db.transaction(async (tx) => {
    await add(tx, "before");
    await add(tx, "before").catch(() => {});
  });
  await expect(going).rejects.toThrow("rolled back");
  expect(await has("before")).toBe(false);
});

test("what a transaction has not committed is not seen by others", async () => {
  const other = await open(url);
  await db.transaction(async (tx) => {
    await add(tx, "soon");
    expect((await other.query("SELECT 1 FROM things WHERE name = 'soon'")).rows).toEqual([]);
  });
  expect((await other.query("SELECT 1 FROM things WHERE name = 'soon'")).rows).toHaveLength(1);
});

test("the files of a schema are applied in order, also by five replicas at once", async () => {
  const own = await freshDatabase(inject("postgresUrl"));
  const files = {
    "table.sql": "CREATE TABLE IF NOT EXISTS seats (n int PRIMARY KEY, taken int NOT NULL);",
    "rows.sql": "INSERT INTO seats (n, taken) VALUES (1, 0) ON CONFLICT DO NOTHING;",
  };
  const schemas: URL[] = [];
  for (const [name, sql] of Object.entries(files)) {
    await writeFile(path.join(folder, name), sql);
    schemas.push(pathToFileURL(path.join(folder, name)));
  }
  const replicas = await Promise.all([1, 2, 3, 4, 5].map(() => open(own, schemas)));
  for (const replica of replicas) {
    expect((await replica.query("SELECT n, taken FROM seats")).rows).toEqual([{ n: 1, taken: 0 }]);
  }
});

test("a schema that fails half way leaves nothing, and the start fails", async () => {
  const own = await freshDatabase(inject("postgresUrl"));
  const file = path.join(folder, "broken.sql");
  await writeFile(file, "CREATE TABLE half (n int); SELECT no_such_function();");
  await expect(openDatabase(own, [pathToFileURL(file)], quiet)).rejects.toThrow("no_such_function");
  const after = await open(own);
  expect((await after.query("SELECT to_regclass('half') AS half")).rows).toEqual([{ half: null }]);
});

test("a connection that is killed while idle does not break the next query", async () => {
  const pid = await pidOf(db);
  const other = await open(url);
  await other.query("SELECT pg_terminate_backend($1)", [pid]);
  await eventually("the connection to be gone", async () => {
    const alive = await other.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [pid]);
    return alive.rows.length === 0 ? true : undefined;
  });
  const next = await eventually("a query that works", () => pidOf(db));
  expect(next).not.toBe(pid);
});

test("a connection that is killed inside a transaction fails that transaction, not the process, and is not used again", async () => {
  const other = await open(url);
  let pid: number | undefined;
  const killed = db.transaction(async (tx) => {
    pid = await pidOf(tx);
    await add(tx, "lost");
    await other.query("SELECT pg_terminate_backend($1)", [pid]);
    await eventually("the connection to be gone", async () => {
      const alive = await other.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [pid]);
      return alive.rows.length === 0 ? true : undefined;
    });
    await add(tx, "never");
  });
  await expect(killed).rejects.toMatchObject({ name: "AppError", code: "unavailable" });
  expect(await has("lost")).toBe(false);
  expect(await pidOf(db)).not.toBe(pid);
});

test("a dedicated connection receives notifications while the pool is used", async () => {
  const listener = await db.dedicated();
  const heard = Promise.withResolvers<string | undefined>();
  listener.on("notification", (message) => heard.resolve(message.payload));
  await listener.query("LISTEN bell");
  await db.query("SELECT pg_notify('bell', 'ding')");
  expect(await heard.promise).toBe("ding");
  await listener.end();
});

test("a database that does not exist fails the start at once", async () => {
  const nowhere = new URL(url);
  nowhere.pathname = "/no_such_database";
  await expect(openDatabase(nowhere.toString(), [], quiet)).rejects.toThrow("no_such_database");
});
