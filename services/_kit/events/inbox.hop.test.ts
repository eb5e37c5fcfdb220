import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import { clean, inboxSchema, once } from "./inbox.ts";

let db: Database;
beforeAll(async () => {
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), [inboxSchema], quiet);
  await db.query("CREATE TABLE effects (event_id text NOT NULL)");
});
afterAll(() => db.close());

/** Has an effect in the inbox's transaction. */
const effect = (eventId: string, consumer = "test") =>
  once(db, consumer, eventId, async (tx) => {
    await tx.query("INSERT INTO effects (event_id) VALUES ($1)", [eventId]);
    return "done";
  });
const effectsOf = async (eventId: string) =>
  (await db.query("SELECT 1 FROM effects WHERE event_id = $1", [eventId])).rows.length;

test("an event has its effect at its first delivery only", async () => {
  const eventId = uniqueName("e-");
  expect(await effect(eventId)).toBe("done");
  expect(await effect(eventId)).toBeUndefined();
  expect(await effectsOf(eventId)).toBe(1);
});

test("each consumer has its own effect of one event", async () => {
  const eventId = uniqueName("e-");
  expect(await effect(eventId, "one")).toBe("done");
  expect(await effect(eventId, "other")).toBe("done");
});

test("three deliveries at once have one effect; the losers wait for the winner's commit", async () => {
  const eventId = uniqueName("e-");
  const inside = Promise.withResolvers<void>();
  const commit = Promise.withResolvers<void>();
  const winner = once(db, "test", eventId, async (tx) => {
    await tx.query("INSERT INTO effects (event_id) VALUES ($1)", [eventId]);
    inside.resolve();
    await commit.promise;
    return "done";
  });
  await inside.promise;
  let answered = 0;
  const losers = [1, 2].map(() => effect(eventId).finally(() => answered++));
  await eventually("both losers waiting for the claim", async () => {
    const waiting = await db.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return waiting.rows.length === 2 ? true : undefined;
  });
  expect(answered).toBe(0);
  commit.resolve();
  expect(await Promise.all([winner, ...losers])).toEqual(["done", undefined, undefined]);
  expect(await effectsOf(eventId)).toBe(1);
});

test("an effect that throws leaves no claim and no effect: the next delivery has it", async () => {
  const eventId = uniqueName("e-");
  const failing = once(db, "test", eventId, async (tx) => {
    await tx.query("INSERT INTO effects (event_id) VALUES ($1)", [eventId]);
    throw new Error("half way");
  });
  await expect(failing).rejects.toThrow("half way");
  expect(await effectsOf(eventId)).toBe(0);
  expect(await effect(eventId)).toBe("done");
});

test("claims that are not needed any more are deleted, and no others", async () => {
  const [old, young] = [uniqueName("e-"), uniqueName("e-")];
  await effect(old);
  await effect(young);
  await db.query("UPDATE inbox SET handled_at = now() - interval '11 days' WHERE event_id = $1", [old]);
  await db.query("UPDATE inbox SET handled_at = now() - interval '9 days' WHERE event_id = $1", [young]);
  await clean(db);
  expect(await effect(young)).toBeUndefined();
  expect(await effect(old)).toBe("done");
});
