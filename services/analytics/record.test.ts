import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeRecordSale, makeRecordShipped } from "./record.ts";
import type { AnalyticsStore } from "./store.ts";

/** The use cases on a store that takes each event once. */
function recording() {
  const note = vi.fn<Note<Vocabulary>>();
  const seen = new Set<string>();
  const first = async (id: string) => !seen.has(id) && seen.add(id).has(id);
  const store = {
    recordSale: vi.fn<AnalyticsStore["recordSale"]>((eventId) => first(eventId)),
    recordEvent: vi.fn<AnalyticsStore["recordEvent"]>(({ eventId }) => first(eventId)),
  };
  return { sale: makeRecordSale(store, note), shipped: makeRecordShipped(store, note), store, note };
}
const confirmed = {
  orderId: "o-1",
  userId: "ann",
  items: [{ sku: "mug", quantity: 2 }],
  totalCents: 1_798,
};

test("OrderConfirmed is recorded as a sale, once however often it comes", async () => {
  const { sale, store, note } = recording();
  await sale({ id: "e-1", payload: confirmed });
  await sale({ id: "e-1", payload: confirmed });
  expect(store.recordSale.mock.calls[0]).toEqual(["e-1", confirmed]);
  expect(note.mock.calls).toEqual([["sale.recorded", { orderId: "o-1" }]]);
});

test("OrderShipped goes to the audit log, once however often it comes", async () => {
  const { shipped, store, note } = recording();
  const payload = { orderId: "o-1", userId: "ann" };
  await shipped({ id: "e-2", payload });
  await shipped({ id: "e-2", payload });
  expect(store.recordEvent.mock.calls[0]).toEqual([{ eventId: "e-2", type: "OrderShipped", orderId: "o-1" }]);
  expect(note.mock.calls).toEqual([["audit.recorded", { orderId: "o-1", type: "OrderShipped" }]]);
});

test("what is neither is refused as invalid, and nothing is recorded", async () => {
  const { sale, shipped, store } = recording();
  const bad = { ...confirmed, items: [{ sku: "mug", quantity: 0 }] };
  await expect(sale({ id: "e-3", payload: bad })).rejects.toMatchObject({ code: "invalid" });
  await expect(shipped({ id: "e-4", payload: { orderId: "o-1" } })).rejects.toMatchObject({
    code: "invalid",
  });
  expect(store.recordSale).not.toHaveBeenCalled();
  expect(store.recordEvent).not.toHaveBeenCalled();
});
