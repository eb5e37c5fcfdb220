import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeRelease, makeReserve } from "./reserve.ts";

const lines = [{ sku: "mug", quantity: 2 }];

test("a reservation that the stock allows is noted", async () => {
  const note = vi.fn<Note<Vocabulary>>();
  const store = { reserve: vi.fn(async () => ({})) };
  await makeReserve(store, note)("o-1", lines);
  expect(store.reserve.mock.calls).toEqual([["o-1", lines]]);
  expect(note.mock.calls).toEqual([["stock.reserved", { orderId: "o-1" }]]);
});

test("a reservation that the stock does not allow fails with the shop's reason, and names the product", async () => {
  const note = vi.fn<Note<Vocabulary>>();
  const reserve = makeReserve({ reserve: async () => ({ outOfStock: "mug" }) }, note);
  await expect(reserve("o-1", lines)).rejects.toMatchObject({
    code: "precondition_failed",
    reason: "out_of_stock",
    message: "mug is out of stock",
  });
  expect(note.mock.calls).toEqual([["stock.refused", { orderId: "o-1", sku: "mug" }]]);
});

test("a release says whether there was something to release, and notes only that", async () => {
  const note = vi.fn<Note<Vocabulary>>();
  const held = new Set(["o-1"]);
  const release = makeRelease({ release: async (orderId) => held.delete(orderId) }, note);
  expect(await release("o-1")).toBe(true);
  expect(await release("o-1")).toBe(false);
  expect(note.mock.calls).toEqual([["stock.released", { orderId: "o-1" }]]);
});
