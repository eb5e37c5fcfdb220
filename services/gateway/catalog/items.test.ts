import { describe, expect, test } from "vitest";
import {
  ItemsQuery,
  MAX_PRICE_CENTS,
  PriceCents,
  PricelessBody,
  RestockBody,
  refuseUnless,
} from "./items.ts";

const body = { sku: "bolt-m8", title: "A bolt", stock: 7 };
/** Where a body does not fit. */
const wrongIn = (change: object): string[] =>
  PricelessBody.safeParse({ ...body, ...change }).error?.issues.map(({ path }) => path.join(".")) ?? [];

describe("the body of an item", () => {
  test("has a SKU, a title and a stock, which may be without end", () => {
    expect(PricelessBody.parse(body)).toEqual(body);
    expect(PricelessBody.parse({ ...body, stock: null }).stock).toBeNull();
    for (const stock of [0, 1_000_000_000]) expect(PricelessBody.parse({ ...body, stock }).stock).toBe(stock);
  });

  test("is refused when its stock is not said", () => {
    const { stock: _stock, ...without } = body;
    expect(PricelessBody.safeParse(without).success).toBe(false);
  });

  test.each([
    ["sku", ["", "a b", "a/b", "x".repeat(65), 7, null]],
    ["title", ["", " ", "a\nb", "\ud800", "x".repeat(201), 7, null]],
    ["stock", [-1, 1.5, 1_000_000_001, "7", true, []]],
  ])("is refused for its %s alone when that does not fit", (member, values) => {
    for (const value of values) expect(wrongIn({ [member]: value }), JSON.stringify(value)).toEqual([member]);
  });

  test("is refused for a member too many", () => {
    expect(wrongIn({ retired: true })).toEqual([""]);
  });
});

test("a price is whole cents from 0 to 9,999,999.99", () => {
  for (const cents of [0, 1, MAX_PRICE_CENTS]) expect(PriceCents.parse(cents)).toBe(cents);
  for (const cents of [-1, 0.5, MAX_PRICE_CENTS + 1, "1", null, Number.NaN])
    expect(PriceCents.safeParse(cents).success, String(cents)).toBe(false);
  // 50 lines of 1,000 pieces each are the largest order.
  expect(Number.isSafeInteger(50 * 1_000 * MAX_PRICE_CENTS)).toBe(true);
});

test("a restock adds one piece at least, and a million at most", () => {
  for (const quantity of [1, 1_000_000]) expect(RestockBody.parse({ quantity })).toEqual({ quantity });
  for (const quantity of [0, -1, 1.5, 1_000_001, "1", null])
    expect(RestockBody.safeParse({ quantity }).success, String(quantity)).toBe(false);
  expect(RestockBody.safeParse({ quantity: 1, sku: "bolt" }).success).toBe(false);
});

test("a page of items is asked for by limit and cursor, or by neither", () => {
  expect(ItemsQuery.parse({})).toEqual({});
  expect(ItemsQuery.parse({ limit: "7", cursor: "c" })).toEqual({ limit: 7, cursor: "c" });
  expect(ItemsQuery.safeParse({ limit: "0" }).success).toBe(false);
});

test("writing is refused where faults are off, and the refusal says how to turn them on", () => {
  expect(() => refuseUnless(true)).not.toThrow();
  expect(() => refuseUnless(false)).toThrow(
    expect.objectContaining({
      httpStatus: 403,
      reason: "faults_off",
      message: expect.stringMatching(/BATON_FAULTS=1/),
    }),
  );
});
