import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { freshDatabase, inWaves, quiet, uniqueName } from "../../tests/fixtures.ts";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import { inboxSchema } from "../_kit/events/inbox.ts";
import { type AnalyticsStore, analyticsStore, type SaleEntry } from "./store.ts";

let db: Database;
let store: AnalyticsStore;
beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  store = analyticsStore(db);
});
afterAll(() => db.close());

const order = (...items: [string, number][]): SaleEntry => ({
  eventId: uniqueName("e-"),
  type: "OrderConfirmed",
  userId: "ann",
  orderId: uniqueName("o-"),
  items: items.map(([sku, quantity]) => ({ sku, quantity })),
});
/** The event that cancels an order. */
const off = (sold: SaleEntry): SaleEntry => ({ ...sold, eventId: uniqueName("e-"), type: "OrderCancelled" });

const salesOf = async (sku: string) =>
  (
    await db.query<{ orders: string; quantity: string }>(
      "SELECT orders, quantity FROM sales WHERE sku = $1",
      [sku],
    )
  ).rows[0];
const auditOf = async (orderId: string) =>
  (
    await db.query<{ type: string }>("SELECT type FROM audit WHERE order_id = $1 ORDER BY type", [orderId])
  ).rows.map(({ type }) => type);

test("a sale counts the order and its quantity; a product that comes twice in it is one order", async () => {
  const [mug, pot] = [uniqueName("mug-"), uniqueName("pot-")];
  const sold = order([mug, 2], [pot, 1], [mug, 3]);
  expect(await store.recordSale(sold)).toBe("projected");
  expect(await store.recordSale(order([mug, 1]))).toBe("projected");
  expect(await salesOf(mug)).toEqual({ orders: "2", quantity: "6" });
  expect(await salesOf(pot)).toEqual({ orders: "1", quantity: "1" });
  expect(await auditOf(sold.orderId)).toEqual(["OrderConfirmed"]);
});

test("the same event counts once, also when it comes several times at once", async () => {
  const sku = uniqueName("mug-");
  const sold = order([sku, 2]);
  const answers = await Promise.all([1, 2, 3].map(() => store.recordSale(sold)));
  expect(answers.toSorted()).toEqual(["projected", "seen", "seen"]);
  expect(await store.recordSale(sold)).toBe("seen");
  expect(await salesOf(sku)).toEqual({ orders: "1", quantity: "2" });
  expect(await auditOf(sold.orderId)).toHaveLength(1);
});

test("many sales of the same products at once, named in any order, are all counted", async () => {
  const [mug, pot] = [uniqueName("mug-"), uniqueName("pot-")];
  const sales = Array.from({ length: 40 }, (_, n) =>
    store.recordSale(n % 2 === 0 ? order([mug, 1], [pot, 2]) : order([pot, 2], [mug, 1])),
  );
  expect(new Set(await Promise.all(sales))).toEqual(new Set(["projected"]));
  expect(await salesOf(mug)).toEqual({ orders: "40", quantity: "40" });
  expect(await salesOf(pot)).toEqual({ orders: "40", quantity: "80" });
});

test("a sale that cannot be stored leaves nothing behind, and can be tried again", async () => {
  const sku = uniqueName("mug-");
  const tooMany = order([sku, 2 ** 70]);
  await expect(store.recordSale(tooMany)).rejects.toThrow();
  expect(await auditOf(tooMany.orderId)).toEqual([]);
  expect(await store.recordSale({ ...tooMany, items: [{ sku, quantity: 1 }] })).toBe("projected");
});

describe("a sale that is reversed", () => {
  test("leaves the sales as they were, however often its cancel comes", async () => {
    const [mug, pot] = [uniqueName("mug-"), uniqueName("pot-")];
    const sold = order([mug, 2], [pot, 1], [mug, 3]);
    await store.recordSale(order([mug, 7]));
    await store.recordSale(sold);
    const cancelled = off(sold);
    expect(await store.reverseSale(cancelled)).toBe("projected");
    expect(await store.reverseSale(cancelled)).toBe("seen");
    expect(await store.reverseSale(off(sold))).toBe("audited");
    expect(await salesOf(mug)).toEqual({ orders: "1", quantity: "7" });
    expect(await salesOf(pot)).toEqual({ orders: "0", quantity: "0" });
    expect(await auditOf(sold.orderId)).toEqual(["OrderCancelled", "OrderCancelled", "OrderConfirmed"]);
  });

  test("before it arrives is never counted, not even for a moment", async () => {
    const sku = uniqueName("mug-");
    const sold = order([sku, 2]);
    expect(await store.reverseSale(off(sold))).toBe("audited");
    expect(await salesOf(sku)).toBeUndefined();
    expect(await store.recordSale(sold)).toBe("audited");
    expect(await salesOf(sku)).toBeUndefined();
    expect(await auditOf(sold.orderId)).toEqual(["OrderCancelled", "OrderConfirmed"]);
  });

  test("while it is recorded, 60 times, is not counted in the end", async () => {
    const [mug, pot] = [uniqueName("mug-"), uniqueName("pot-")];
    await store.recordSale(order([mug, 1], [pot, 1]));
    const sales = Array.from({ length: 60 }, (_, n) =>
      n % 3 === 0 ? order([mug, 1], [pot, 2]) : order([pot, 2], [mug, 1]),
    );
    await inWaves(sales, 4, async (sold, n) => {
      const both = [() => store.recordSale(sold), () => store.reverseSale(off(sold))];
      if (n % 2 === 0) both.reverse();
      await Promise.all(both.map((call) => call()));
    });
    expect(await salesOf(mug)).toEqual({ orders: "1", quantity: "1" });
    expect(await salesOf(pot)).toEqual({ orders: "1", quantity: "1" });
  });

  test("has the same result in any order and for any number of deliveries", async () => {
    const quantities = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    const orders = fc.array(fc.record({ quantities, cancelled: fc.boolean() }), {
      minLength: 1,
      maxLength: 4,
    });
    const shuffles = fc.infiniteStream(fc.nat());
    const check = async (some: { quantities: number[]; cancelled: boolean }[], keys: Iterator<number>) => {
      const sku = uniqueName("mug-");
      const sales = some.map((one) => ({
        ...one,
        sold: order(...one.quantities.map((q): [string, number] => [sku, q])),
      }));
      const deliveries = sales.flatMap(({ sold, cancelled }) => {
        const back = off(sold);
        const [record, reverse] = [() => store.recordSale(sold), () => store.reverseSale(back)];
        return cancelled ? [record, reverse, record, reverse] : [record, record];
      });
      const shuffled = deliveries
        .map((deliver) => ({ deliver, key: keys.next().value as number }))
        .toSorted((a, b) => a.key - b.key);
      for (const { deliver } of shuffled) await deliver();
      const kept = sales.filter(({ cancelled }) => !cancelled);
      const quantity = kept.flatMap((one) => one.quantities).reduce((sum, q) => sum + q, 0);
      const { orders: counted = "0", quantity: sold = "0" } = (await salesOf(sku)) ?? {};
      expect([Number(counted), Number(sold)]).toEqual([kept.length, quantity]);
    };
    await fc.assert(fc.asyncProperty(orders, shuffles, check), { numRuns: 25 });
  });
});

test("new users are counted by day, each event once", async () => {
  const signup = () => ({ eventId: uniqueName("e-"), type: "UserCreated", userId: uniqueName("u-") });
  const again = signup();
  const days: [ReturnType<typeof signup>, string][] = [
    [again, "1999-12-31"],
    [again, "1999-12-31"],
    [signup(), "1999-12-31"],
    [signup(), "2000-01-01"],
  ];
  const recorded = await Promise.all(days.map(([entry, day]) => store.recordSignup(entry, day)));
  expect(recorded.toSorted()).toEqual(["projected", "projected", "projected", "seen"]);
  const { rows } = await db.query("SELECT day::text, users FROM signups ORDER BY day");
  expect(rows).toEqual([
    { day: "1999-12-31", users: "2" },
    { day: "2000-01-01", users: "1" },
  ]);
  const audit = await db.query("SELECT type, user_id, order_id FROM audit WHERE event_id = $1", [
    again.eventId,
  ]);
  expect(audit.rows).toEqual([{ type: "UserCreated", user_id: again.userId, order_id: null }]);
});

test("an event goes to the audit log once, also when it comes several times at once", async () => {
  const entry = {
    eventId: uniqueName("e-"),
    type: "OrderShipped",
    userId: "ann",
    orderId: uniqueName("o-"),
  };
  const answers = await Promise.all([1, 2, 3].map(() => store.audit(entry)));
  expect(answers.toSorted()).toEqual(["audited", "seen", "seen"]);
  expect(await auditOf(entry.orderId)).toEqual(["OrderShipped"]);
});

test("an event of an item is in the audit log by its SKU, without a user", async () => {
  const entry = { eventId: uniqueName("e-"), type: "ItemChanged", sku: uniqueName("mug-") };
  expect(await store.audit(entry)).toBe("audited");
  const { rows } = await db.query("SELECT type, user_id, order_id, sku FROM audit WHERE event_id = $1", [
    entry.eventId,
  ]);
  expect(rows).toEqual([{ type: "ItemChanged", user_id: null, order_id: null, sku: entry.sku }]);
});

test("an audit log of an earlier version takes events of items, too", async () => {
  const url = await freshDatabase(inject("postgresUrl"));
  const before = await openDatabase(url, [], quiet);
  await before.query(
    "CREATE TABLE audit (event_id text PRIMARY KEY, type text NOT NULL, user_id text NOT NULL, order_id text)",
  );
  await before.query("INSERT INTO audit VALUES ('e-old', 'UserCreated', 'ann', NULL)");
  await before.close();
  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema];
  const now = await openDatabase(url, schemas, quiet);
  expect(await analyticsStore(now).audit({ eventId: "e-new", type: "ItemChanged", sku: "mug" })).toBe(
    "audited",
  );
  const { rows } = await now.query("SELECT event_id, user_id, sku FROM audit ORDER BY event_id");
  expect(rows).toEqual([
    { event_id: "e-new", user_id: null, sku: "mug" },
    { event_id: "e-old", user_id: "ann", sku: null },
  ]);
  await now.close();
});
