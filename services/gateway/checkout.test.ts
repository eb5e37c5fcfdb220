import { describe, expect, test, vi } from "vitest";
import { CheckoutBody, makePlaceCheckout } from "./checkout.ts";
import type { Order, Orders } from "./ports.ts";

const item = { sku: "teapot", quantity: 1 };
const good = { userId: "ann", items: [item], payment: { token: "tok_visa" } };
const withItem = (part: object) => ({ ...good, items: [{ ...item, ...part }] });

describe("the body of a checkout", () => {
  test("is taken up to its bounds", () => {
    const word = `${"aZ09._-".repeat(9)}x`;
    const full = {
      userId: word,
      items: Array.from({ length: 50 }, () => ({ sku: word, quantity: 1_000 })),
      payment: { token: word + word },
    };
    expect(CheckoutBody.parse(good)).toEqual(good);
    expect(CheckoutBody.parse(full)).toEqual(full);
  });

  /** What is wrong, the body, and where the answer must say that it is. */
  const bad: readonly [string, unknown, string][] = [
    ["no object", "checkout", ""],
    ["a list", [good], ""],
    ["empty", {}, "userId"],
    ["without items", { ...good, items: undefined }, "items"],
    ["with no item", { ...good, items: [] }, "items"],
    ["with 51 items", { ...good, items: Array.from({ length: 51 }, () => item) }, "items"],
    ["with quantity 0", withItem({ quantity: 0 }), "items.0.quantity"],
    ["with quantity -1", withItem({ quantity: -1 }), "items.0.quantity"],
    ["with quantity 1.5", withItem({ quantity: 1.5 }), "items.0.quantity"],
    ["with quantity 1001", withItem({ quantity: 1_001 }), "items.0.quantity"],
    ["with quantity 1e9", withItem({ quantity: 1e9 }), "items.0.quantity"],
    ["with quantity 1e300", withItem({ quantity: 1e300 }), "items.0.quantity"],
    ["with a quantity as text", withItem({ quantity: "1" }), "items.0.quantity"],
    ["with a quantity that is not a number", withItem({ quantity: Number.NaN }), "items.0.quantity"],
    ["with a quantity that is true", withItem({ quantity: true }), "items.0.quantity"],
    ["without a SKU", withItem({ sku: undefined }), "items.0.sku"],
    ["with an empty SKU", withItem({ sku: "" }), "items.0.sku"],
    ["with a SKU of 65 letters", withItem({ sku: "a".repeat(65) }), "items.0.sku"],
    ["with a SKU that ends in a line break", withItem({ sku: "teapot\n" }), "items.0.sku"],
    ["with a path as SKU", withItem({ sku: "../teapot" }), "items.0.sku"],
    ["with a control character in the user", { ...good, userId: "ann\u0000" }, "userId"],
    ["with a header in the user", { ...good, userId: "ann\r\nBcc: all" }, "userId"],
    ["with an address as user", { ...good, userId: "ann@example.test" }, "userId"],
    ["with letters of another alphabet", { ...good, userId: "анна" }, "userId"],
    ["without a token", { ...good, payment: {} }, "payment.token"],
    ["with a token of 129 letters", { ...good, payment: { token: "t".repeat(129) } }, "payment.token"],
    ["with a member too many", { ...good, admin: true }, ""],
    ["with a member too many in an item", withItem({ price: 1 }), "items.0"],
    ["with a card number", { ...good, payment: { token: "tok", card: "4111111111111111" } }, "payment"],
  ];
  test.each(bad)("is refused %s", (_what, body, where) => {
    // As it comes in: through JSON, which knows neither undefined nor NaN.
    const read = CheckoutBody.safeParse(JSON.parse(JSON.stringify(body)));
    expect(read.success).toBe(false);
    expect(read.error?.issues.map((issue) => issue.path.join("."))).toContain(where);
  });
});

const order: Order = {
  orderId: "o-1",
  userId: "ann",
  status: "CONFIRMED",
  reason: "",
  items: [item],
  totalCents: 2_499,
  createdAt: new Date(0).toISOString(),
  updatedAt: new Date(0).toISOString(),
};
const idempotency = { idempotencyKey: "k-1", requestHash: "h-1" };

function placing(answer: Order) {
  const checkout = vi.fn<Orders["checkout"]>(async () => answer);
  return { place: makePlaceCheckout({ checkout }), checkout };
}

test("a confirmed order is answered, and orders gets the key and the request", async () => {
  const { place, checkout } = placing(order);
  expect(await place(good, idempotency)).toEqual(order);
  const asked = { userId: "ann", items: [item], paymentToken: "tok_visa" };
  expect(checkout.mock.calls).toEqual([[{ ...asked, ...idempotency }]]);
});

const rejections = [
  { reason: "card_declined", status: 402, code: "payment_required" },
  { reason: "out_of_stock", status: 409, code: "conflict" },
  { reason: "retired", status: 409, code: "conflict" },
  { reason: "interrupted", status: 409, code: "conflict" },
];
for (const { reason, status, code } of rejections) {
  test(`an order rejected with ${reason} is a ${status} with the order's id`, async () => {
    const { place } = placing({ ...order, status: "REJECTED", reason });
    await expect(place(good, idempotency)).rejects.toMatchObject({
      code,
      httpStatus: status,
      reason,
      extra: { orderId: "o-1", orderStatus: "REJECTED" },
    });
  });
}

test("an order that was cancelled while its checkout was under way is a 409, not a success", async () => {
  const { place } = placing({ ...order, status: "CANCELLED" });
  await expect(place(good, idempotency)).rejects.toMatchObject({
    httpStatus: 409,
    reason: "cancelled",
    extra: { orderId: "o-1", orderStatus: "CANCELLED" },
  });
});

test("a reason that the gateway does not know is a 409, and is not passed on", async () => {
  const { place } = placing({ ...order, status: "REJECTED", reason: "toString" });
  await expect(place(good, idempotency)).rejects.toMatchObject({
    httpStatus: 409,
    reason: undefined,
    extra: { orderId: "o-1" },
  });
});

test("an order whose outcome is not known yet is a 504 with the order's id", async () => {
  const { place } = placing({ ...order, status: "PENDING" });
  await expect(place(good, idempotency)).rejects.toMatchObject({
    httpStatus: 504,
    reason: "outcome_unknown",
    extra: { orderId: "o-1", orderStatus: "PENDING" },
  });
});
