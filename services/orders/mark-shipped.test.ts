import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeMarkShipped } from "./mark-shipped.ts";
import type { OrderStore } from "./store.ts";

function marking(ship: OrderStore["ship"]) {
  const note = vi.fn<Note<Vocabulary>>();
  const asked = vi.fn(ship);
  return { markShipped: makeMarkShipped({ ship: asked }, note), note, asked };
}
const payload = { orderId: "o-1", userId: "ann" };

test("OrderShipped marks its order as shipped, under the event's id", async () => {
  const { markShipped, note, asked } = marking(async () => true);
  await markShipped({ id: "e-1", payload });
  expect(asked.mock.calls).toEqual([["o-1", "e-1"]]);
  expect(note.mock.calls).toEqual([["order.shipped", { orderId: "o-1" }]]);
});

test("an event that was here before is passed over without a word", async () => {
  const { markShipped, note } = marking(async () => false);
  await markShipped({ id: "e-1", payload });
  expect(note).not.toHaveBeenCalled();
});

test("what is no OrderShipped is refused as invalid, so that it is never tried again", async () => {
  const { markShipped, asked } = marking(async () => true);
  for (const wrong of [{}, null, "o-1", { orderId: "", userId: "ann" }, { orderId: 1, userId: "ann" }]) {
    await expect(markShipped({ id: "e-1", payload: wrong })).rejects.toMatchObject({ code: "invalid" });
  }
  expect(asked).not.toHaveBeenCalled();
});

test("an order that cannot be shipped fails the delivery, so that it comes again", async () => {
  const { markShipped, note } = marking(async () => {
    throw new Error("still PENDING");
  });
  await expect(markShipped({ id: "e-1", payload })).rejects.toThrow("still PENDING");
  expect(note).not.toHaveBeenCalled();
});
