import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { freshDatabase, inWaves, quiet, uniqueName } from "../../tests/fixtures.ts";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import { testEvents } from "../_kit/events/cases/broker.fixture.ts";
import { inboxSchema } from "../_kit/events/inbox.ts";
import { outboxSchema } from "../_kit/events/outbox.ts";
import { type Shipment, type ShipmentStore, shipmentStore } from "./store.ts";

let db: Database;
let store: ShipmentStore;
beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema, outboxSchema];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  store = shipmentStore(db, testEvents);
});
afterAll(() => db.close());

const shipment = (): Shipment => ({ eventId: uniqueName("e-"), orderId: uniqueName("o-"), userId: "ann" });

interface ShipmentRow {
  picked_at: Date | null;
  packed_at: Date | null;
  shipped_at: Date | null;
  cancelled_at: Date | null;
}
const rowOf = async ({ orderId }: Shipment) =>
  (await db.query<ShipmentRow>("SELECT * FROM shipments WHERE order_id = $1", [orderId])).rows[0];
const eventsOf = async ({ orderId }: Shipment) =>
  (
    await db.query<{ type: string; payload: unknown }>(
      "SELECT type, payload FROM outbox WHERE payload->>'orderId' = $1",
      [orderId],
    )
  ).rows;

test("a shipment is picked, packed and shipped, one after the other", async () => {
  const one = shipment();
  expect(await store.pick(one)).toBe(true);
  expect(await rowOf(one)).toMatchObject({ picked_at: expect.any(Date), packed_at: null });
  expect(await store.pack(one)).toBe(true);
  expect(await rowOf(one)).toMatchObject({ packed_at: expect.any(Date), shipped_at: null });
  expect(await store.ship(one)).toBe(true);
  expect(await rowOf(one)).toMatchObject({ shipped_at: expect.any(Date) });
});

test("a step that is repeated changes nothing: it keeps its first time", async () => {
  const one = shipment();
  await store.pick(one);
  await store.pack(one);
  await store.ship(one);
  const before = await rowOf(one);
  await store.pick(one);
  await store.pack(one);
  expect(await store.ship(one)).toBe(false);
  expect(await rowOf(one)).toEqual(before);
});

test("shipping appends ParcelShipped once, also when the job runs several times at once", async () => {
  const one = shipment();
  await store.pick(one);
  const answers = await Promise.all([1, 2, 3].map(() => store.ship(one)));
  expect(answers.filter(Boolean)).toHaveLength(1);
  const at = (await rowOf(one))?.shipped_at?.toISOString();
  const payload = { orderId: one.orderId, userId: "ann", at };
  expect(await eventsOf(one)).toEqual([{ type: "ParcelShipped", payload }]);
});

test("the event and the shipping commit together: when the outbox refuses, the order is not shipped and can be retried", async () => {
  const one = shipment();
  await store.pick(one);
  await db.query("ALTER TABLE outbox ADD CONSTRAINT closed CHECK (false) NOT VALID");
  try {
    await expect(store.ship(one)).rejects.toThrow("closed");
  } finally {
    await db.query("ALTER TABLE outbox DROP CONSTRAINT closed");
  }
  expect(await rowOf(one)).toMatchObject({ shipped_at: null });
  expect(await store.ship(one)).toBe(true);
  expect(await eventsOf(one)).toHaveLength(1);
});

test("the event and the shipping commit together: a commit that fails leaves no event", async () => {
  const one = shipment();
  await store.pick(one);
  await db.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused at commit'; END $$;
    CREATE CONSTRAINT TRIGGER refused AFTER UPDATE ON shipments DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION refuse()`);
  try {
    await expect(store.ship(one)).rejects.toThrow("refused at commit");
  } finally {
    await db.query("DROP FUNCTION refuse CASCADE");
  }
  expect(await rowOf(one)).toMatchObject({ shipped_at: null });
  expect(await eventsOf(one)).toEqual([]);
  expect(await store.ship(one)).toBe(true);
  expect(await eventsOf(one)).toHaveLength(1);
});

/** The event that cancels a shipment's order; it has another id than the confirmation. */
const off = (one: Shipment): Shipment => ({ ...one, eventId: `${one.eventId}-off` });
const nothingDone = { picked_at: null, packed_at: null, shipped_at: null };

describe("an order that is cancelled", () => {
  test("before its confirmation arrives is never picked, packed or shipped", async () => {
    const one = shipment();
    expect(await store.isCancelled(one.orderId)).toBe(false);
    expect(await store.cancel(off(one))).toBe("cancelled");
    expect(await store.isCancelled(one.orderId)).toBe(true);
    expect([await store.pick(one), await store.pack(one), await store.ship(one)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(await rowOf(one)).toMatchObject({ ...nothingDone, cancelled_at: expect.any(Date) });
    expect(await eventsOf(one)).toEqual([]);
  });

  test("between two steps takes no further step", async () => {
    const one = shipment();
    await store.pick(one);
    expect(await store.isCancelled(one.orderId)).toBe(false);
    expect(await store.cancel(off(one))).toBe("cancelled");
    expect([await store.pack(one), await store.ship(one)]).toEqual([false, false]);
    expect(await rowOf(one)).toMatchObject({ ...nothingDone, picked_at: expect.any(Date) });
    expect(await eventsOf(one)).toEqual([]);
  });

  test("after it has left is recalled, and its ParcelShipped stays", async () => {
    const one = shipment();
    await store.pick(one);
    await store.ship(one);
    expect(await store.cancel(off(one))).toBe("recalled");
    expect(await store.ship(one)).toBe(false);
    expect(await rowOf(one)).toMatchObject({ shipped_at: expect.any(Date), cancelled_at: expect.any(Date) });
    expect(await eventsOf(one)).toHaveLength(1);
  });

  test("is cancelled once, also by repeated and by different events", async () => {
    const one = shipment();
    const answers = await Promise.all([1, 2, 3].map(() => store.cancel(off(one))));
    expect(answers.filter((answer) => answer === "cancelled")).toHaveLength(1);
    const { cancelled_at: first } = (await rowOf(one)) ?? {};
    expect(await store.cancel({ ...off(one), eventId: uniqueName("e-") })).toBeUndefined();
    expect((await rowOf(one))?.cancelled_at).toEqual(first);
  });

  test("while it ships, 60 times: either it has left and is recalled, or it stays and has no ParcelShipped", async () => {
    const shipments = Array.from({ length: 60 }, shipment);
    for (const one of shipments) await store.pick(one);
    const ends = await inWaves(shipments, 4, async (one, n) => {
      const both = [() => store.ship(one), () => store.cancel(off(one))];
      if (n % 2 === 0) both.reverse();
      const answers = await Promise.all(both.map((call) => call()));
      const row = await rowOf(one);
      const told = (await eventsOf(one)).length;
      return { answers: new Set(answers), left: row?.shipped_at != null, told };
    });
    for (const end of ends) {
      expect([
        { answers: new Set([true, "recalled"]), left: true, told: 1 },
        { answers: new Set([false, "cancelled"]), left: false, told: 0 },
      ]).toContainEqual(end);
    }
  });
});
