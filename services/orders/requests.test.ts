import fc from "fast-check";
import { expect, test } from "vitest";
import { CheckoutCall, ListCall, OrderCall } from "./requests.ts";

const good = {
  idempotencyKey: "checkout:k-1",
  requestHash: "sha256:x=",
  userId: "ann",
  items: [{ sku: "teapot", quantity: 1 }],
  paymentToken: "tok_visa",
};
const item = good.items[0];
const items = (count: number) => Array.from({ length: count }, () => item);

test("a checkout at every limit passes, and fields that the contract does not know are dropped", () => {
  for (const most of [
    { items: items(50) },
    { items: [{ sku: "a".repeat(64), quantity: 1_000 }] },
    { userId: "a".repeat(64) },
    { paymentToken: "a".repeat(128) },
    { idempotencyKey: "~".repeat(512) },
    { requestHash: "" },
  ]) {
    expect(CheckoutCall.parse({ ...good, ...most, $typeName: "x" })).toEqual({ ...good, ...most });
  }
});

test("a checkout beyond a limit is refused, and the field is named", () => {
  const wrong: [string, object][] = [
    ["idempotencyKey", { idempotencyKey: "" }],
    ["idempotencyKey", { idempotencyKey: "a b" }],
    ["idempotencyKey", { idempotencyKey: "a".repeat(513) }],
    ["requestHash", { requestHash: "a".repeat(129) }],
    ["userId", { userId: "" }],
    ["userId", { userId: "a".repeat(65) }],
    ["userId", { userId: "ann\u0000" }],
    ["userId", { userId: "añn" }],
    ["items", { items: [] }],
    ["items", { items: items(51) }],
    ["items.0.quantity", { items: [{ sku: "mug", quantity: 0 }] }],
    ["items.0.quantity", { items: [{ sku: "mug", quantity: 1_001 }] }],
    ["items.0.quantity", { items: [{ sku: "mug", quantity: 4_294_967_295 }] }],
    ["items.1.sku", { items: [item, { sku: "", quantity: 1 }] }],
    ["paymentToken", { paymentToken: "4111 1111" }],
    ["paymentToken", { paymentToken: "a".repeat(129) }],
  ];
  for (const [path, change] of wrong) {
    const read = CheckoutCall.safeParse({ ...good, ...change });
    expect(
      read.error?.issues.map((issue) => issue.path.join(".")),
      path,
    ).toEqual([path]);
  }
});

test("text that passes can be stored: no control character, no lone surrogate, nothing long", () => {
  const storable = /^[\x21-\x7e]*$/;
  const text = fc.string({ unit: "binary", maxLength: 600 });
  fc.assert(
    fc.property(text, fc.double(), (word, limit) => {
      const list = ListCall.safeParse({ userId: word, cursor: "", limit });
      const order = OrderCall.safeParse({ orderId: word });
      const fits = /^[A-Za-z0-9._-]+$/.test(word);
      expect(order.success).toBe(fits && word.length <= 128);
      if (order.success) expect(order.data.orderId).toMatch(storable);
      expect(list.success).toBe(fits && word.length <= 64 && Number.isSafeInteger(limit) && limit >= 0);
    }),
    { numRuns: 1_000 },
  );
});
