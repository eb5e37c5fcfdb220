import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeMarkShipped } from "./mark-shipped.ts";
import type { OrderStore } from "./ports.ts";

function marking(ship: OrderStore["ship"]) {
  const note = vi.fn<Note<Vocabulary>>();
  const asked = vi.fn(ship);
  return { markShipped: makeMarkShipped({ ship: asked }, note), note, asked };
}
const at = "2026-11-21T08:00:00.000Z";
const payload = { orderId: "o-1", userId: "ann", at };

test("ParcelShipped marks its order as shipped, with the event's time and under its id", async () => {
  const { markShipped, note, asked } = marking(async () => "shipped");
  await markShipped({ id: "e-1", payload });
  expect(asked.mock.calls).toEqual([["o-1", "e-1", new Date(at)]]);
  expect(note.mock.calls).toEqual([["order.shipped", { orderId: "o-1" }]]);
});

for (const answer of ["repeated", "cancelled"] as const) {
  test(`a parcel whose order is ${answer} changes nothing and is not noted`, async () => {
    const { markShipped, note } = marking(async () => answer);
    await markShipped({ id: "e-1", payload });
    expect(note).not.toHaveBeenCalled();
  });
}

test("an order that cannot be shipped fails the event, so that it is delivered again", async () => {
  const { markShipped, note } = marking(async () => {
    throw new Error("still PENDING");
  });
  await expect(markShipped({ id: "e-1", payload })).rejects.toThrow("still PENDING");
  expect(note).not.toHaveBeenCalled();
});
