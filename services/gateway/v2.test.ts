import { expect, test } from "vitest";
import type { Order } from "./ports.ts";
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
