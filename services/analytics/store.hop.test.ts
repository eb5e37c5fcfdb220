import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../tests/fixtures.ts";
import { inboxSchema } from "../_kit/inbox.ts";
import { type Database, openDatabase } from "../_kit/postgres.ts";
import { type AnalyticsStore, analyticsStore } from "./store.ts";

let db: Database;
let store: AnalyticsStore;
beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  store = analyticsStore(db);
});
afterAll(() => db.close());

const order = (...items: [string, number][]) => ({
  orderId: uniqueName("o-"),
  userId: "ann",
  items: items.map(([sku, quantity]) => ({ sku, quantity })),
  totalCents: 100,
});

const salesOf = async (sku: string) =>
  (
    await db.query<{ orders: string; quantity: string }>(
      "SELECT orders, quantity FROM sales WHERE sku = $1",
      [sku],
    )
  ).rows[0];
const auditOf = async (orderId: string) =>
  (await db.query<{ type: string }>("SELECT type FROM audit WHERE order_id = $1", [orderId])).rows;

test("a sale counts the order and its quantity; a product that comes twice in it is one order", async () => {
  const [mug, pot] = [uniqueName("mug-"), uniqueName("pot-")];
  const sold = order([mug, 2], [pot, 1], [mug, 3]);
  expect(await store.recordSale(uniqueName("e-"), sold)).toBe(true);
  expect(await store.recordSale(uniqueName("e-"), order([mug, 1]))).toBe(true);
  expect(await salesOf(mug)).toEqual({ orders: "2", quantity: "6" });
  expect(await salesOf(pot)).toEqual({ orders: "1", quantity: "1" });
  expect(await auditOf(sold.orderId)).toEqual([{ type: "OrderConfirmed" }]);
});

test("the same event counts once, one after the other and at once", async () => {
  const sku = uniqueName("mug-");
  const sold = order([sku, 2]);
  const eventId = uniqueName("e-");
  const answers = await Promise.all([1, 2, 3].map(() => store.recordSale(eventId, sold)));
  expect(answers.filter(Boolean)).toHaveLength(1);
  expect(await store.recordSale(eventId, sold)).toBe(false);
  expect(await salesOf(sku)).toEqual({ orders: "1", quantity: "2" });
  expect(await auditOf(sold.orderId)).toHaveLength(1);
});

test("many sales of the same products at once, named in any order, are all counted", async () => {
  const [mug, pot] = [uniqueName("mug-"), uniqueName("pot-")];
  const sales = Array.from({ length: 40 }, (_, n) =>
    store.recordSale(uniqueName("e-"), n % 2 === 0 ? order([mug, 1], [pot, 2]) : order([pot, 2], [mug, 1])),
  );
  expect((await Promise.all(sales)).every(Boolean)).toBe(true);
  expect(await salesOf(mug)).toEqual({ orders: "40", quantity: "40" });
  expect(await salesOf(pot)).toEqual({ orders: "40", quantity: "80" });
});

test("a sale that cannot be stored leaves nothing behind, and may be tried again", async () => {
  const sku = uniqueName("mug-");
  const eventId = uniqueName("e-");
  const tooMany = order([sku, 2 ** 70]);
  await expect(store.recordSale(eventId, tooMany)).rejects.toThrow();
  expect(await auditOf(tooMany.orderId)).toEqual([]);
  expect(await store.recordSale(eventId, order([sku, 1]))).toBe(true);
});

test("an event goes to the audit log once, however many bring it", async () => {
  const entry = { eventId: uniqueName("e-"), type: "OrderShipped", orderId: uniqueName("o-") };
  const answers = await Promise.all([1, 2, 3].map(() => store.recordEvent(entry)));
  expect(answers.filter(Boolean)).toHaveLength(1);
  expect(await auditOf(entry.orderId)).toEqual([{ type: "OrderShipped" }]);
});
