import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeCancelShipment } from "./cancel-shipment.ts";
import type { ShipmentStore } from "./store.ts";

const items = [{ sku: "mug", quantity: 1 }];
const at = "2026-01-02T03:04:05.678Z";
const event = { id: "e-1", payload: { orderId: "o-1", userId: "ann", items, wasConfirmed: true, at } };

test("the outcome is noted, and nothing is noted when the shipment was cancelled before", async () => {
  const outcomes = ["cancelled", "recalled", undefined] as const;
  const noted = outcomes.map(async (outcome) => {
    const note = vi.fn<Note<Vocabulary>>();
    const store = { cancel: vi.fn<ShipmentStore["cancel"]>(async () => outcome) };
    await makeCancelShipment(store, note)(event);
    expect(store.cancel.mock.calls).toEqual([[{ eventId: "e-1", orderId: "o-1", userId: "ann" }]]);
    return note.mock.calls;
  });
  expect(await Promise.all(noted)).toEqual([
    [["shipment.cancelled", { orderId: "o-1" }]],
    [["shipment.recalled", { orderId: "o-1" }]],
    [],
  ]);
});
