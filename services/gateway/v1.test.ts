import { expect, test } from "vitest";
import type { Item, Order } from "./ports.ts";
import { v1 } from "./v1.ts";

const order: Order = {
  orderId: "o-1",
  userId: "ann",
  status: "REJECTED",
  reason: "card_declined",
  items: [{ sku: "mug", quantity: 2 }],
  totalCents: 2_405,
  createdAt: "2026-01-02T03:04:05.678Z",
  updatedAt: "2026-01-02T03:04:06.000Z",
};
const ids = { correlationId: "c-1", traceId: "t-1" };
const link = (path: string) => `/api/v1${path}`;

test("an order is flat with the ids beside it, and each of its fields can be picked", () => {
  expect(v1.order(order, ids, link)).toEqual({ ...order, ...ids });
  expect(v1.order(order, ids, link, ["totalCents"])).toEqual({ orderId: "o-1", totalCents: 2_405, ...ids });
  expect(v1.orderFields.toSorted()).toEqual(Object.keys(order).toSorted());
});

test("a placed order is its id and status", () => {
  expect(v1.placed(order, ids, link)).toEqual({ orderId: "o-1", status: "REJECTED", ...ids });
});

test("a page has the cursor of the next one, a line its own", () => {
  const page = v1.orders({ orders: [order], nextCursor: "n-1" }, ids, link, ["status"]);
  expect(page).toEqual({ orders: [{ orderId: "o-1", status: "REJECTED" }], nextCursor: "n-1", ...ids });
  expect(v1.line({ order, cursor: "n-1" }, link)).toEqual({ ...order, cursor: "n-1" });
});

test("an item is flat with its price in cents, and a page of items has the cursor of the next one", () => {
  const item: Item = {
    ...{ sku: "bolt", title: "A bolt", priceCents: 5, stock: 7 },
    ...{ retired: false, version: 2 },
  };
  expect(v1.item(item, ids, link)).toEqual({ ...item, ...ids });
  const page = v1.items({ items: [item], nextCursor: "n-1" }, ids, link);
  expect(page).toEqual({ items: [item], nextCursor: "n-1", ...ids });
  const { retired: _retired, version: _version, ...body } = item;
  expect(v1.itemBody.parse(body)).toEqual(body);
  expect(v1.priceBody.parse({ priceCents: 5 })).toEqual({ priceCents: 5 });
});
