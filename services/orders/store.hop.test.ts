import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../tests/fixtures.ts";
import { OrderConfirmed } from "../_contracts/events.ts";
import { inboxSchema } from "../_kit/inbox.ts";
import { outboxSchema } from "../_kit/outbox.ts";
import { type Database, openDatabase } from "../_kit/postgres.ts";
import { type OrderStore, orderStore } from "./store.ts";

let db: Database;
let orders: OrderStore;
beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema, outboxSchema];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  orders = orderStore(db);
});
afterAll(() => db.close());

const items = [
  { sku: "mug", quantity: 2 },
  { sku: "teapot", quantity: 1 },
];

/** A PENDING order. */
async function placed(): Promise<string> {
  const orderId = uniqueName("o-");
  const fresh = { orderId, idempotencyKey: `key of ${orderId}`, userId: "ann", items, totalCents: 4_297 };
  expect(await orders.place(fresh)).toBe(true);
  return orderId;
}

/** The events in the outbox that tell of an order. */
async function eventsOf(orderId: string) {
  const { rows } = await db.query<{ type: string; payload: unknown }>(
    "SELECT type, payload FROM outbox WHERE payload->>'orderId' = $1 ORDER BY id",
    [orderId],
  );
  return rows;
}

const stepOf = async (orderId: string) =>
  (await db.query<{ step: string }>("SELECT step FROM orders WHERE order_id = $1", [orderId])).rows[0]?.step;

test("a placed order is PENDING at its first step, and is found by its id and by its key as it was placed", async () => {
  const orderId = await placed();
  const found = await orders.find(orderId);
  expect(found).toEqual({
    orderId,
    userId: "ann",
    status: "PENDING",
    reason: "",
    items,
    totalCents: 4_297,
    createdAt: expect.any(Date),
  });
  expect(await orders.findByKey(`key of ${orderId}`)).toEqual(found);
  expect(await stepOf(orderId)).toBe("reserve");
  expect(await orders.find("no such order")).toBeUndefined();
});

test("an idempotency key has one order, also when several ask at once", async () => {
  const key = uniqueName("key-");
  const place = (n: number) =>
    orders.place({ orderId: `${key}-${n}`, idempotencyKey: key, userId: "ann", items, totalCents: 1 });
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => place(n)));
  expect(answers.filter(Boolean)).toHaveLength(1);
  const { rows } = await db.query("SELECT 1 FROM orders WHERE idempotency_key = $1", [key]);
  expect(rows).toHaveLength(1);
});

test("a step is stored before it is taken", async () => {
  const orderId = await placed();
  await orders.begin(orderId, "charge");
  expect(await stepOf(orderId)).toBe("charge");
});

test("confirming changes the order and appends exactly one OrderConfirmed, that its consumers can read", async () => {
  const orderId = await placed();
  expect(await orders.confirm(orderId)).toMatchObject({ orderId, status: "CONFIRMED" });
  const events = await eventsOf(orderId);
  expect(events.map((event) => event.type)).toEqual(["OrderConfirmed"]);
  expect(OrderConfirmed.parse(events[0]?.payload)).toEqual({
    orderId,
    userId: "ann",
    items,
    totalCents: 4_297,
  });
  expect(await stepOf(orderId)).toBe("done");
});

test("confirming at once by several succeeds once, and there is one event", async () => {
  const orderId = await placed();
  const answers = await Promise.allSettled([1, 2, 3, 4].map(() => orders.confirm(orderId)));
  expect(answers.filter((answer) => answer.status === "fulfilled")).toHaveLength(1);
  expect(await eventsOf(orderId)).toHaveLength(1);
});

test("the event and the confirmation commit together: an outbox that refuses leaves the order PENDING", async () => {
  const orderId = await placed();
  await db.query("ALTER TABLE outbox ADD CONSTRAINT closed CHECK (false) NOT VALID");
  try {
    await expect(orders.confirm(orderId)).rejects.toThrow("closed");
  } finally {
    await db.query("ALTER TABLE outbox DROP CONSTRAINT closed");
  }
  expect(await orders.find(orderId)).toMatchObject({ status: "PENDING" });
  expect(await stepOf(orderId)).toBe("reserve");
  expect(await eventsOf(orderId)).toEqual([]);
});

test("the event and the confirmation commit together: a commit that fails leaves no event", async () => {
  const orderId = await placed();
  await db.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused at commit'; END $$;
    CREATE CONSTRAINT TRIGGER refused AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION refuse()`);
  try {
    await expect(orders.confirm(orderId)).rejects.toThrow("refused at commit");
  } finally {
    await db.query("DROP FUNCTION refuse CASCADE");
  }
  expect(await orders.find(orderId)).toMatchObject({ status: "PENDING" });
  expect(await eventsOf(orderId)).toEqual([]);
});

test("a rejected order keeps its reason and tells nobody", async () => {
  const orderId = await placed();
  const rejected = { status: "REJECTED", reason: "card_declined" };
  expect(await orders.reject(orderId, "card_declined")).toMatchObject(rejected);
  expect(await orders.find(orderId)).toMatchObject(rejected);
  expect(await eventsOf(orderId)).toEqual([]);
});

test("an order is shipped once per event, and only a confirmed one", async () => {
  const orderId = await placed();
  const eventId = uniqueName("e-");
  await expect(orders.ship(orderId, eventId)).rejects.toThrow(/not in the state/);
  await orders.confirm(orderId);
  // The attempt that failed has left no claim: the same event may have its effect now, once.
  const answers = await Promise.all([1, 2, 3].map(() => orders.ship(orderId, eventId)));
  expect(answers.filter(Boolean)).toHaveLength(1);
  expect(await orders.ship(orderId, eventId)).toBe(false);
  expect(await orders.find(orderId)).toMatchObject({ status: "SHIPPED" });
});

/** Every change of state, from every state in which it is a conflict. */
const conflicts = {
  CONFIRMED: ["confirm", "reject"],
  REJECTED: ["confirm", "reject", "ship"],
  SHIPPED: ["confirm", "reject", "ship"],
} as const;
const changes = {
  confirm: (orderId: string) => orders.confirm(orderId),
  reject: (orderId: string) => orders.reject(orderId, "out_of_stock"),
  ship: (orderId: string) => orders.ship(orderId, uniqueName("e-")),
};
for (const [status, refused] of Object.entries(conflicts)) {
  test(`an order that is ${status} refuses to ${refused.join(", ")}, and stays as it is`, async () => {
    const orderId = await placed();
    if (status === "REJECTED") await orders.reject(orderId, "card_declined");
    else await orders.confirm(orderId);
    if (status === "SHIPPED") await changes.ship(orderId);
    const before = { order: await orders.find(orderId), events: await eventsOf(orderId) };
    expect(before.order?.status).toBe(status);
    for (const change of refused) {
      await expect(changes[change](orderId)).rejects.toThrow(/not in the state/);
    }
    expect({ order: await orders.find(orderId), events: await eventsOf(orderId) }).toEqual(before);
  });
}
