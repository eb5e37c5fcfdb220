import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../tests/fixtures.ts";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import { testEvents } from "../_kit/events/cases/broker.fixture.ts";
import { inboxSchema } from "../_kit/events/inbox.ts";
import { outboxSchema } from "../_kit/events/outbox.ts";
import type { Order } from "./order.ts";
import type { OrderStore } from "./ports.ts";
import { makeReadOrders, type ReadOrders } from "./read-orders.ts";
import { request, waiting } from "./shop.fixture.ts";
import { orderStore } from "./store.ts";

let db: Database;
let orders: OrderStore;
let reads: ReadOrders;
beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema, outboxSchema];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  orders = orderStore(db, testEvents, 60_000);
  reads = makeReadOrders(orders, () => {});
});
afterAll(() => db.close());

async function placed(userId: string): Promise<string> {
  const orderId = uniqueName("o-");
  const hold = { orderId, owner: "w" };
  await orders.place({ ...request(`key of ${orderId}`), ...hold, userId, totalCents: 1 });
  return orderId;
}

/** A whole list in pieces of `limit`, each continuing at the cursor of the one before. */
async function pieces(userId: string, limit: number): Promise<Order[][]> {
  const found: Order[][] = [];
  let cursor = "";
  for (;;) {
    const piece: Order[] = [];
    for await (const each of reads.list({ userId, cursor, limit }, waiting)) {
      piece.push(each.order);
      cursor = each.cursor;
    }
    found.push(piece);
    if (piece.length < limit) return found;
  }
}

test("a user's own orders come newest first, each once, in pieces of any size", async () => {
  const userId = uniqueName("ann");
  const placedIds: string[] = [];
  for (let n = 0; n < 7; n += 1) placedIds.push(await placed(userId));
  await placed(uniqueName("bob"));
  for (const limit of [1, 3, 7, 100]) {
    const listed = (await pieces(userId, limit)).flat();
    expect(
      listed.map(({ orderId }) => orderId),
      `in pieces of ${limit}`,
    ).toEqual(placedIds.toReversed());
  }
  expect(await pieces("nobody", 10)).toEqual([[]]);
});

test("orders of one instant, and of one millisecond, are neither skipped nor repeated", async () => {
  const userId = uniqueName("ann");
  const ids = await Promise.all(Array.from({ length: 230 }, () => placed(userId)));
  await db.query(
    `UPDATE orders SET created_at = timestamptz '2026-11-21T08:00:00Z' + n % 5 * interval '7 us'
     FROM (SELECT order_id AS id, row_number() OVER () AS n FROM orders WHERE user_id = $1) AS numbered
     WHERE order_id = id`,
    [userId],
  );
  const cut = (await pieces(userId, 9)).flat().map(({ orderId }) => orderId);
  expect(cut.toSorted()).toEqual(ids.toSorted());
  const whole: string[] = [];
  for await (const { order } of reads.list({ userId, cursor: "", limit: 0 }, waiting))
    whole.push(order.orderId);
  expect(whole).toEqual(cut);
});

test("an order that is placed while the list is read makes no other order appear twice", async () => {
  const userId = uniqueName("ann");
  const ids = [await placed(userId), await placed(userId), await placed(userId)].toReversed();
  const seen: string[] = [];
  let cursor = "";
  for (const _ of ids) {
    for await (const each of reads.list({ userId, cursor, limit: 1 }, waiting)) {
      seen.push(each.order.orderId);
      cursor = each.cursor;
    }
    await placed(userId);
  }
  expect(seen).toEqual(ids);
});
