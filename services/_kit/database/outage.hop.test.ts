import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { freshDatabase, quiet } from "../../../tests/fixtures.ts";
import { type Cable, cableTo } from "./cable.fixture.ts";
import { type Database, openDatabase } from "./postgres.ts";

let cable: Cable;
let db: Database;
/** The same database without the cable, to see what is really stored. */
let direct: Database;
/** Ends all waiting on `db`. */
let stopping: AbortController;

beforeAll(async () => {
  const url = await freshDatabase(inject("postgresUrl"));
  cable = await cableTo(url);
  direct = await openDatabase(url, [], quiet);
  await direct.query("CREATE TABLE effects (id text NOT NULL UNIQUE)");
});
beforeEach(async () => {
  await cable.pull();
  await cable.putBack();
  stopping = new AbortController();
  db = await openDatabase(cable.url, [], quiet, { signal: stopping.signal });
  return () => db.close();
});
afterAll(async () => {
  await Promise.all([direct.close(), cable.pull()]);
});

const effectsOf = async (id: string) =>
  (await direct.query("SELECT 1 FROM effects WHERE id = $1", [id])).rows.length;

describe("the database", () => {
  test("that is away is `unavailable` for a query and a transaction, until it is back", async () => {
    await cable.pull();
    const tries = [() => db.query("SELECT 1"), () => db.transaction((tx) => tx.query("SELECT 1"))];
    for (const attempt of tries) {
      const error = await attempt().catch((thrown) => thrown);
      expect(error).toMatchObject({ name: "AppError", code: "unavailable" });
      expect(error.message).toBe("the database does not answer");
    }
    const { over } = await db.query("SELECT 1").catch((thrown) => thrown);
    let isOver = false;
    const ended = over().then(() => {
      isOver = true;
    });
    await expect(db.query("SELECT 1")).rejects.toThrow("does not answer");
    expect(isOver).toBe(false);
    await cable.putBack();
    await ended;
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  test("that goes away during a transaction is `unavailable` for it", async () => {
    const going = db.transaction(async (tx) => {
      await tx.query("INSERT INTO effects (id) VALUES ('half')");
      await cable.pull();
      await tx.query("SELECT 1");
    });
    await expect(going).rejects.toMatchObject({ code: "unavailable" });
    expect(await effectsOf("half")).toBe(0);
  });

  test("that ends a connection during a query is `unavailable` for it", async () => {
    const ended = await db.query("SELECT pg_terminate_backend(pg_backend_pid())").catch((thrown) => thrown);
    expect(ended).toMatchObject({ code: "unavailable", cause: { code: "57P01" } });
  });

  test("that refuses a statement does not count as away", async () => {
    const refused = await db.query("SELECT no_such_column").catch((thrown) => thrown);
    expect(refused.name).not.toBe("AppError");
    expect(refused.message).toContain("no_such_column");
  });

  test("does not count as away when a transaction cannot reach something else", async () => {
    const elsewhere = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const failed = await db.transaction(() => Promise.reject(elsewhere)).catch((thrown) => thrown);
    expect(failed).toBe(elsewhere);
  });

  test("whose pool has no free connection is `unavailable` too", async () => {
    const small = await openDatabase(cable.url, [], quiet, { poolSize: 1, connectWithinMs: 100 });
    await small.transaction(async () => {
      await expect(small.query("SELECT 1")).rejects.toMatchObject({ code: "unavailable" });
    });
    await small.close();
  });
});
