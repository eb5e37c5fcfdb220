import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { shipmentJobs } from "./handle-shipment.ts";
import type { Shipment, ShipmentStore } from "./store.ts";

const shipment: Shipment = { eventId: "e-1", orderId: "o-1", userId: "ann" };

/** The jobs on a store that ships each event once. */
function jobs() {
  const did: string[] = [];
  const shipped = new Set<string>();
  const note = vi.fn<Note<Vocabulary>>();
  const store: ShipmentStore = {
    pick: async ({ orderId }) => void did.push(`pick ${orderId}`),
    pack: async ({ orderId }) => void did.push(`pack ${orderId}`),
    ship: async ({ orderId, eventId }) => {
      did.push(`ship ${orderId}`);
      const fresh = !shipped.has(eventId);
      shipped.add(eventId);
      return fresh;
    },
  };
  return { handlers: shipmentJobs(store, note), did, note };
}

test("each job takes its own step, and notes it", async () => {
  const { handlers, did, note } = jobs();
  await handlers.pick({ payload: shipment });
  await handlers.pack({ payload: shipment });
  await handlers.ship({ payload: shipment });
  expect(did).toEqual(["pick o-1", "pack o-1", "ship o-1"]);
  expect(note.mock.calls).toEqual(
    ["picked", "packed", "shipped"].map((step) => [`shipment.${step}`, { orderId: "o-1" }]),
  );
});

test("shipping twice for one event is noted once", async () => {
  const { handlers, note } = jobs();
  await handlers.ship({ payload: shipment });
  await handlers.ship({ payload: shipment });
  expect(note.mock.calls).toEqual([["shipment.shipped", { orderId: "o-1" }]]);
});

test("a job that is no shipment is refused as invalid by every step, and the store is not asked", async () => {
  const { handlers, did } = jobs();
  for (const handle of Object.values(handlers)) {
    for (const payload of [undefined, null, {}, { ...shipment, orderId: 7 }]) {
      await expect(handle({ payload })).rejects.toMatchObject({ code: "invalid" });
    }
  }
  expect(did).toEqual([]);
});
