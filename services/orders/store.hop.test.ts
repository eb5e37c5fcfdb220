import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../tests/fixtures.ts";
import { EVENTS } from "../_contracts/events.ts";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import { testEvents } from "../_kit/events/cases/broker.fixture.ts";
import { inboxSchema } from "../_kit/events/inbox.ts";
import { outboxSchema } from "../_kit/events/outbox.ts";
import type { OrderStore } from "./ports.ts";
import { orderStore } from "./store.ts";

let db: Database;
let orders: OrderStore;
beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema, outboxSchema];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  orders = orderStore(db, testEvents, 60_000);
});
afterAll(() => db.close());

const items = [
  { sku: "mug", quantity: 2 },
  { sku: "teapot", quantity: 1 },
];
const shippedAt = new Date("2026-11-21T08:00:00.123Z");

/** A PENDING order, and the owner of its saga. */
async function placed(userId = "ann") {
  const orderId = uniqueName("o-");
  const hold = { orderId, owner: uniqueName("w-") };
  const key = { idempotencyKey: `key of ${orderId}`, requestHash: "hash" };
  expect(await orders.place({ ...hold, ...key, userId, items, totalCents: 4_297 })).toBe(true);
  return hold;
}

/** The events in the outbox that tell of an order. */
async function eventsOf(orderId: string) {
  const { rows } = await db.query<{ type: string; payload: unknown }>(
    "SELECT type, payload FROM outbox WHERE payload->>'orderId' = $1 ORDER BY id",
    [orderId],
  );
  return rows;
}
const typesOf = async (orderId: string) => (await eventsOf(orderId)).map(({ type }) => type);
const historyOf = async (orderId: string) =>
  (await orders.history(orderId)).map(({ position, status }) => [position, status]);

const sagaOf = async (orderId: string) =>
  (await db.query("SELECT step, charge_key, reason, owner FROM sagas WHERE order_id = $1", [orderId]))
    .rows[0];

/** Ends the lease of this order. */
const expire = (orderId: string) =>
  db.query("UPDATE sagas SET due_at = now() - interval '1 s' WHERE order_id = $1", [orderId]);

test("a placed order is PENDING at its first step, and is found by its id and by its key as it was placed", async () => {
  const { orderId, owner } = await placed();
  const found = await orders.find(orderId);
  expect(found).toEqual({
    orderId,
    userId: "ann",
    status: "PENDING",
    reason: "",
    items,
    totalCents: 4_297,
    createdAt: expect.any(Date),
    updatedAt: found?.createdAt,
  });
  const known = await orders.findByKey(`key of ${orderId}`);
  expect(known).toEqual({ order: found, requestHash: "hash", underWay: true });
  expect(await sagaOf(orderId)).toMatchObject({ step: "reserve", charge_key: "", owner });
  expect(await orders.history(orderId)).toEqual([
    { position: 1, status: "PENDING", reason: "", at: found?.createdAt },
  ]);
  expect(await orders.find("no such order")).toBeUndefined();
  expect(await orders.findByKey("no such key")).toBeUndefined();
});

test("an idempotency key has one order and one saga, also when several ask at once", async () => {
  const key = uniqueName("key-");
  const place = (n: number) => {
    const hold = { orderId: `${key}-${n}`, owner: "w" };
    const asked = { idempotencyKey: key, requestHash: "", userId: "ann", items, totalCents: 1 };
    return orders.place({ ...hold, ...asked });
  };
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => place(n)));
  expect(answers.filter(Boolean)).toHaveLength(1);
  for (const table of ["orders", "sagas", "order_history"]) {
    const { rows } = await db.query(`SELECT 1 FROM ${table} WHERE order_id LIKE $1`, [`${key}-%`]);
    expect(rows, table).toHaveLength(1);
  }
});

test("a step is stored with its key before it is taken, only by the owner of the saga", async () => {
  const hold = await placed();
  const other = { ...hold, owner: "another" };
  expect(await orders.begin(other, "charge", { chargeKey: "stolen" })).toBe(false);
  expect(await sagaOf(hold.orderId)).toMatchObject({ step: "reserve", charge_key: "" });
  expect(await orders.begin(hold, "charge", { chargeKey: "c-1" })).toBe(true);
  expect(await orders.begin(hold, "compensate", { reason: "interrupted" })).toBe(true);
  expect(await sagaOf(hold.orderId)).toMatchObject({
    step: "compensate",
    charge_key: "c-1",
    reason: "interrupted",
  });
});

test("confirming changes the order and appends exactly one OrderConfirmed that its consumers can read", async () => {
  const hold = await placed();
  const { orderId } = hold;
  const order = await orders.confirm(hold);
  expect(order).toMatchObject({ orderId, status: "CONFIRMED" });
  const events = await eventsOf(orderId);
  expect(events.map((event) => event.type)).toEqual(["OrderConfirmed"]);
  expect(EVENTS.OrderConfirmed.schema.parse(events[0]?.payload)).toEqual({
    orderId,
    userId: "ann",
    items,
    totalCents: 4_297,
    at: order?.updatedAt.toISOString(),
  });
  expect(await sagaOf(orderId)).toMatchObject({ step: "done", owner: null });
});

test("a rejected order keeps its reason, and its event has it too", async () => {
  const hold = await placed();
  const rejected = { status: "REJECTED", reason: "card_declined" };
  expect(await orders.reject(hold, "card_declined")).toMatchObject(rejected);
  expect(await orders.find(hold.orderId)).toMatchObject(rejected);
  const [event, more] = await eventsOf(hold.orderId);
  expect(EVENTS.OrderRejected.schema.parse(event?.payload)).toMatchObject({ reason: "card_declined" });
  expect(more).toBeUndefined();
});

test("of several confirmations at once one succeeds, and there is one event", async () => {
  const hold = await placed();
  const answers = await Promise.all([1, 2, 3, 4].map(() => orders.confirm(hold)));
  expect(answers.filter(Boolean)).toHaveLength(1);
  expect(await typesOf(hold.orderId)).toEqual(["OrderConfirmed"]);
});

test("an owner that has lost the saga confirms and rejects nothing", async () => {
  const hold = await placed();
  await expire(hold.orderId);
  expect(await orders.take("sweeper", 100)).toMatchObject([{ orderId: hold.orderId }]);
  expect(await orders.confirm(hold)).toBeUndefined();
  expect(await orders.reject(hold, "interrupted")).toBeUndefined();
  expect(await orders.find(hold.orderId)).toMatchObject({ status: "PENDING" });
  expect(await typesOf(hold.orderId)).toEqual([]);
  expect(await orders.confirm({ ...hold, owner: "sweeper" })).toMatchObject({ status: "CONFIRMED" });
});

test("the event and the confirmation commit together: an outbox that refuses leaves the order PENDING", async () => {
  const hold = await placed();
  await db.query("ALTER TABLE outbox ADD CONSTRAINT closed CHECK (false) NOT VALID");
  try {
    await expect(orders.confirm(hold)).rejects.toThrow("closed");
  } finally {
    await db.query("ALTER TABLE outbox DROP CONSTRAINT closed");
  }
  expect(await orders.find(hold.orderId)).toMatchObject({ status: "PENDING" });
  expect(await sagaOf(hold.orderId)).toMatchObject({ step: "reserve", owner: hold.owner });
  expect(await historyOf(hold.orderId)).toEqual([[1, "PENDING"]]);
  expect(await typesOf(hold.orderId)).toEqual([]);
});

test("the event and the confirmation commit together: a commit that fails leaves no event", async () => {
  const hold = await placed();
  await db.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused at commit'; END $$;
    CREATE CONSTRAINT TRIGGER refused AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION refuse()`);
  try {
    await expect(orders.confirm(hold)).rejects.toThrow("refused at commit");
  } finally {
    await db.query("DROP FUNCTION refuse CASCADE");
  }
  expect(await orders.find(hold.orderId)).toMatchObject({ status: "PENDING" });
  expect(await historyOf(hold.orderId)).toEqual([[1, "PENDING"]]);
  expect(await typesOf(hold.orderId)).toEqual([]);
});

test("an order is shipped once per event, and only a confirmed one; its history says when the parcel left", async () => {
  const hold = await placed();
  const { orderId } = hold;
  const eventId = uniqueName("e-");
  await expect(orders.ship(orderId, eventId, shippedAt)).rejects.toThrow(/is PENDING/);
  await orders.confirm(hold);
  // The failed attempt has left no claim in the inbox: the same event has its effect now, once.
  const answers = await Promise.all([1, 2, 3].map(() => orders.ship(orderId, eventId, shippedAt)));
  expect(answers.toSorted()).toEqual(["repeated", "repeated", "shipped"]);
  expect(await orders.ship(orderId, eventId, shippedAt)).toBe("repeated");
  expect(await orders.find(orderId)).toMatchObject({ status: "SHIPPED", updatedAt: shippedAt });
  expect((await orders.history(orderId)).at(-1)).toMatchObject({ position: 3, at: shippedAt });
  expect((await eventsOf(orderId)).slice(1)).toEqual([
    { type: "OrderShipped", payload: { orderId, userId: "ann", at: shippedAt.toISOString() } },
  ]);
});

test("a parcel of a cancelled order changes nothing, and its event does not fail", async () => {
  const hold = await placed();
  await orders.confirm(hold);
  await orders.cancel(hold.orderId, "canceller");
  expect(await orders.ship(hold.orderId, uniqueName("e-"), shippedAt)).toBe("cancelled");
  expect(await orders.find(hold.orderId)).toMatchObject({ status: "CANCELLED" });
  expect(await typesOf(hold.orderId)).toEqual(["OrderConfirmed", "OrderCancelled"]);
});

test("an order's history has fixed positions, and each change its event", async () => {
  const hold = await placed();
  const { orderId } = hold;
  await orders.confirm(hold);
  await orders.ship(orderId, uniqueName("e-"), shippedAt);
  expect(await orders.deliver(orderId)).toMatchObject({ order: { status: "DELIVERED" }, changed: true });
  expect(await orders.deliver(orderId)).toMatchObject({ order: { status: "DELIVERED" }, changed: false });
  expect(await historyOf(orderId)).toEqual([
    [1, "PENDING"],
    [2, "CONFIRMED"],
    [3, "SHIPPED"],
    [4, "DELIVERED"],
  ]);
  expect(await typesOf(orderId)).toEqual(["OrderConfirmed", "OrderShipped", "OrderDelivered"]);
  expect(EVENTS.OrderDelivered.schema.parse((await eventsOf(orderId)).at(-1)?.payload)).toMatchObject({
    orderId,
  });
});

for (const confirmed of [true, false]) {
  test(`cancelling ${confirmed ? "a confirmed order" : "a checkout under way"} takes its saga over, and the event says whether it was confirmed`, async () => {
    const hold = await placed();
    const { orderId } = hold;
    await orders.begin(hold, "charge", { chargeKey: "c-1" });
    if (confirmed) await orders.confirm(hold);
    const { order, saga } = await orders.cancel(orderId, "canceller");
    expect(order).toMatchObject({ orderId, status: "CANCELLED" });
    expect(saga).toMatchObject({
      orderId,
      userId: "ann",
      owner: "canceller",
      step: "cancel",
      chargeKey: "c-1",
      attempt: 1,
    });
    expect(await orders.begin(hold, "compensate", {})).toBe(false);
    expect(await orders.confirm(hold)).toBeUndefined();
    const event = (await eventsOf(orderId)).at(-1);
    expect(EVENTS.OrderCancelled.schema.parse(event?.payload)).toMatchObject({
      orderId,
      items,
      wasConfirmed: confirmed,
    });

    // Again, by several at once: the same answer, no saga, no further event.
    const again = await Promise.all([1, 2, 3].map(() => orders.cancel(orderId, "another")));
    expect(again).toEqual([{ order }, { order }, { order }]);
    expect(await typesOf(orderId)).toEqual([...(confirmed ? ["OrderConfirmed"] : []), "OrderCancelled"]);
    await orders.finish({ orderId, owner: "canceller" });
    expect(await sagaOf(orderId)).toMatchObject({ step: "done", owner: null });
  });
}

test("a cancel and a confirmation at once: either may be first, and the events agree with that", async () => {
  for (let n = 0; n < 20; n += 1) {
    const hold = await placed();
    const [confirmed, cancelled] = await Promise.all([
      orders.confirm(hold),
      orders.cancel(hold.orderId, "canceller"),
    ]);
    expect(cancelled.saga).toMatchObject({ owner: "canceller", step: "cancel" });
    const events = confirmed ? ["OrderConfirmed", "OrderCancelled"] : ["OrderCancelled"];
    expect(await typesOf(hold.orderId)).toEqual(events);
    const payload = EVENTS.OrderCancelled.schema.parse((await eventsOf(hold.orderId)).at(-1)?.payload);
    expect(payload.wasConfirmed).toBe(confirmed !== undefined);
  }
});

/** The changes that an order in this state refuses. */
const refused = {
  REJECTED: ["cancel", "deliver"],
  SHIPPED: ["cancel"],
  DELIVERED: ["cancel"],
  CANCELLED: ["deliver"],
  CONFIRMED: ["deliver"],
} as const;
for (const [status, changes] of Object.entries(refused)) {
  test(`an order that is ${status} refuses to ${changes.join(" and to ")}, says so, and stays as it is`, async () => {
    const hold = await placed();
    const { orderId } = hold;
    if (status === "REJECTED") await orders.reject(hold, "out_of_stock");
    else await orders.confirm(hold);
    if (status === "CANCELLED") await orders.cancel(orderId, "canceller");
    if (status === "SHIPPED" || status === "DELIVERED") await orders.ship(orderId, orderId, shippedAt);
    if (status === "DELIVERED") await orders.deliver(orderId);
    const before = [await orders.find(orderId), await eventsOf(orderId), await sagaOf(orderId)];
    for (const change of changes) {
      const asking = change === "cancel" ? orders.cancel(orderId, "w") : orders.deliver(orderId);
      await expect(asking).rejects.toMatchObject({
        code: "precondition_failed",
        reason: "wrong_status",
        extra: { orderId, orderStatus: status },
      });
    }
    if (status !== "CONFIRMED" && status !== "CANCELLED")
      await expect(orders.ship(orderId, uniqueName("e-"), shippedAt)).rejects.toThrow(`is ${status}`);
    expect([await orders.find(orderId), await eventsOf(orderId), await sagaOf(orderId)]).toEqual(before);
  });
}

test("an unknown order can be neither cancelled nor delivered", async () => {
  await expect(orders.cancel("nobody", "w")).rejects.toMatchObject({ code: "not_found" });
  await expect(orders.deliver("nobody")).rejects.toMatchObject({ code: "not_found" });
});

test("a repeated checkout gets the state in which it ended, and whether an owner works on it", async () => {
  const hold = await placed();
  const ask = () => orders.findByKey(`key of ${hold.orderId}`);
  await orders.letGo(hold);
  expect(await ask()).toMatchObject({ order: { status: "PENDING" }, underWay: false });
  await expire(hold.orderId);
  await orders.take("sweeper", 100);
  expect(await ask()).toMatchObject({ underWay: true });
  await expire(hold.orderId);
  expect(await ask()).toMatchObject({ underWay: false });
  const confirmed = await orders.confirm({ ...hold, owner: "sweeper" });
  await orders.ship(hold.orderId, uniqueName("e-"), shippedAt);
  expect(await ask()).toMatchObject({ order: confirmed, underWay: false });
});
