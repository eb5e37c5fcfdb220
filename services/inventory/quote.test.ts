import { expect, test, vi } from "vitest";
import { makeQuote } from "./quote.ts";
import type { InventoryStore } from "./store.ts";

const catalogue = new Map<string, number | "retired">([
  ["teapot", 2_499],
  ["mug", 899],
  ["samovar", "retired"],
]);
const prices = vi.fn<InventoryStore["prices"]>(
  async (skus) => new Map([...catalogue].filter(([sku]) => skus.includes(sku))),
);
const quote = makeQuote({ prices });

test("a quote is the sum of price times quantity, in cents, and a product may come twice", async () => {
  expect(await quote([{ sku: "teapot", quantity: 1 }])).toBe(2_499);
  expect(
    await quote([
      { sku: "teapot", quantity: 2 },
      { sku: "mug", quantity: 3 },
      { sku: "teapot", quantity: 1 },
    ]),
  ).toBe(3 * 2_499 + 3 * 899);
  expect(await quote([])).toBe(0);
});

test("the prices of all lines are read in one query", async () => {
  prices.mockClear();
  await quote([
    { sku: "teapot", quantity: 1 },
    { sku: "mug", quantity: 1 },
  ]);
  expect(prices.mock.calls).toEqual([[["teapot", "mug"]]]);
});

test("an unknown product is named, also behind a known one", async () => {
  const asked = quote([
    { sku: "mug", quantity: 1 },
    { sku: "spoon", quantity: 1 },
  ]);
  await expect(asked).rejects.toMatchObject({
    code: "invalid",
    reason: "unknown_sku",
    message: expect.stringContaining('"spoon"'),
  });
});

test("a product that is no longer sold is named, also behind one that is", async () => {
  const asked = quote([
    { sku: "mug", quantity: 1 },
    { sku: "samovar", quantity: 1 },
  ]);
  await expect(asked).rejects.toMatchObject({
    code: "precondition_failed",
    reason: "retired",
    message: "samovar is retired",
  });
});
