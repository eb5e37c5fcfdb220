import { expect, test, vi } from "vitest";
import { biting } from "../../tests/fixtures.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeRelease, makeReserve } from "./reserve.ts";
import type { Reservation } from "./store.ts";

const lines = [{ sku: "mug", quantity: 2 }];

/** A reservation on a store that answers `answer`. `bite`: the kind of fault that bites. */
function reserving(answer: Reservation, bite?: string) {
  const note = vi.fn<Note<Vocabulary>>();
  const store = { reserve: vi.fn(async () => answer) };
  return { reserve: makeReserve({ store, fault: biting(bite), note }), store, note };
}

test("a reservation that the stock allows is noted", async () => {
  const { reserve, store, note } = reserving("made");
  await reserve("o-1", lines);
  expect(store.reserve.mock.calls).toEqual([["o-1", lines]]);
  expect(note.mock.calls).toEqual([["stock.reserved", { orderId: "o-1" }]]);
});

test("a reservation that the stock does not allow fails with reason out_of_stock, and names the product", async () => {
  const { reserve, note } = reserving({ outOfStock: "mug" });
  await expect(reserve("o-1", lines)).rejects.toMatchObject({
    code: "precondition_failed",
    reason: "out_of_stock",
    message: "mug is out of stock",
  });
  expect(note.mock.calls).toEqual([["stock.refused", { orderId: "o-1", sku: "mug" }]]);
});

test("a reservation of a product that is no longer sold fails with reason retired, and names it", async () => {
  const { reserve, note } = reserving({ retired: "mug" });
  await expect(reserve("o-1", lines)).rejects.toMatchObject({
    code: "precondition_failed",
    reason: "retired",
    message: "mug is retired",
  });
  expect(note.mock.calls).toEqual([["stock.refused", { orderId: "o-1", sku: "mug" }]]);
});

test("a reservation that comes after its release is a conflict", async () => {
  const { reserve, note } = reserving("released");
  await expect(reserve("o-1", lines)).rejects.toMatchObject({ code: "conflict", reason: "released" });
  expect(note).not.toHaveBeenCalled();
});

test("with the fault `failed` the store is not called; another kind does nothing", async () => {
  const failing = reserving("made", "failed");
  await expect(failing.reserve("o-1", lines)).rejects.toMatchObject({ code: "unavailable" });
  expect(failing.store.reserve).not.toHaveBeenCalled();
  await reserving("made", "generous").reserve("o-1", lines);
});

test("a release says whether there was something to release, and notes only that", async () => {
  const note = vi.fn<Note<Vocabulary>>();
  const held = new Set(["o-1"]);
  const release = makeRelease({ release: async (orderId) => held.delete(orderId) }, note);
  expect(await release("o-1")).toBe(true);
  expect(await release("o-1")).toBe(false);
  expect(note.mock.calls).toEqual([["stock.released", { orderId: "o-1" }]]);
});
