import { describe, expect, test } from "vitest";
import type { Item, Order } from "./ports.ts";
import { v2 } from "./v2.ts";

const order: Order = {
  orderId: "o-1",
  userId: "ann",
  status: "CONFIRMED",
  reason: "",
  items: [{ sku: "mug", quantity: 2 }],
  totalCents: 2_405,
  createdAt: "2026-01-02T03:04:05.678Z",
  updatedAt: "2026-01-02T03:04:06.000Z",
};
const meta = { correlationId: "c-1", traceId: "t-1" };
const link = (path: string) => `/api/v2${path}`;
const links = {
  self: "/api/v2/orders/o-1",
  history: "/api/v2/orders/o-1/history",
  events: "/api/v2/orders/o-1/events",
};

test("an order has lines, money with its currency, and links; the ids are apart", () => {
  const { items: lines, orderId: id, totalCents: _cents, ...rest } = order;
  const total = { amount: "24.05", currency: "EUR" };
  const shown = { data: { id, ...rest, lines, total, links }, meta };
  expect(v2.order(order, meta, link)).toEqual(shown);
  expect(v2.orderFields.toSorted()).toEqual(Object.keys(shown.data).toSorted());
  expect(v2.order(order, meta, link, ["total"])).toEqual({ data: { id, total }, meta });
});

test.each([
  [0, "0.00"],
  [5, "0.05"],
  [100, "1.00"],
  [123_456_789_012_345, "1234567890123.45"],
])("%i cents are %s", (totalCents, amount) => {
  expect(v2.order({ ...order, totalCents }, meta, link, ["total"])).toMatchObject({
    data: { total: { amount } },
  });
});

test("a checkout is asked for with lines, and is the same as with the first version's items", () => {
  const { items: lines, userId } = order;
  const payment = { token: "tok_visa" };
  expect(v2.checkoutBody.parse({ userId, lines, payment })).toEqual({ userId, items: lines, payment });
  const old = v2.checkoutBody.safeParse({ userId, items: lines, payment });
  expect(old.error?.issues.map(({ path }) => path.join("."))).toContain("lines");
  const bad = v2.checkoutBody.safeParse({ userId, lines: [{ sku: "mug", quantity: 0 }], payment });
  expect(bad.error?.issues.map(({ path }) => path.join("."))).toEqual(["lines.0.quantity"]);
});

test("the cursor stands beside the ids in a page, and beside the order in a line", () => {
  const page = v2.orders({ orders: [order], nextCursor: "n-1" }, meta, link, ["status"]);
  expect(page).toEqual({ data: [{ id: "o-1", status: "CONFIRMED" }], meta: { ...meta, nextCursor: "n-1" } });
  expect(v2.line({ order, cursor: "n-1" }, link, ["status"])).toEqual({
    id: "o-1",
    status: "CONFIRMED",
    cursor: "n-1",
  });
});

test("a user links to its orders", () => {
  const user = { userId: "ann", name: "Ann", email: "ann@example.test", createdAt: order.createdAt };
  expect(v2.user(user, meta, link)).toMatchObject({
    data: { id: "ann", links: { self: "/api/v2/users/ann", orders: "/api/v2/orders?userId=ann" } },
    meta,
  });
});

describe("an item", () => {
  const rest = { sku: "bolt", title: "A bolt", stock: null };
  const item: Item = { ...rest, priceCents: 1_205, retired: true, version: 2 };
  const price = { amount: "12.05", currency: "EUR" };

  test("has its price as money, and a link to itself; a page has them in its data", () => {
    const data = { ...rest, retired: true, version: 2, price, links: { self: "/api/v2/items/bolt" } };
    expect(v2.item(item, meta, link)).toEqual({ data, meta });
    expect(v2.items({ items: [item], nextCursor: undefined }, meta, link)).toEqual({ data: [data], meta });
    expect(v2.items({ items: [], nextCursor: "n-1" }, meta, link)).toEqual({
      data: [],
      meta: { ...meta, nextCursor: "n-1" },
    });
  });

  test.each([
    ["0.00", 0],
    ["0.05", 5],
    // As a float this is a little less than 29 cents.
    ["0.29", 29],
    ["12.05", 1_205],
    ["9999999.99", 999_999_999],
  ])("that costs %s costs %i cents", (amount, priceCents) => {
    expect(v2.priceBody.parse({ amount, currency: "EUR" })).toEqual({ priceCents });
    expect(v2.itemBody.parse({ ...rest, price: { amount, currency: "EUR" } })).toEqual({
      ...rest,
      priceCents,
    });
  });

  test.each(["", "1", "1.0", "1.000", "01.00", "-1.00", "+1.00", "1,00", "1e2", "10000000.00", " 1.00", 1])(
    "cannot cost %j",
    (amount) => {
      expect(v2.priceBody.safeParse({ amount, currency: "EUR" }).success).toBe(false);
    },
  );

  test("is paid in the one currency", () => {
    expect(v2.priceBody.safeParse({ amount: "1.00", currency: "USD" }).success).toBe(false);
    expect(v2.priceBody.safeParse({ amount: "1.00" }).success).toBe(false);
  });
});
