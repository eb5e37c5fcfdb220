import { expect, test, vi } from "vitest";
import { biting } from "../../tests/fixtures.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { SHIPMENT_JOBS, shipmentJobs } from "./handle-shipment.ts";
import type { Shipment } from "./store.ts";

const payload: Shipment = { eventId: "e-1", orderId: "o-1", userId: "ann" };
const job = { id: "j-1", payload };

/** The jobs on a store that ships each event once, and nothing for an order in `off`. */
function jobs({ bite, off = [] }: { bite?: string; off?: string[] } = {}) {
  const did: string[] = [];
  const shipped = new Set<string>();
  const note = vi.fn<Note<Vocabulary>>();
  const step = async (name: string, { orderId }: Shipment) => {
    did.push(`${name} ${orderId}`);
    return !off.includes(orderId);
  };
  const store = {
    pick: (shipment: Shipment) => step("pick", shipment),
    pack: (shipment: Shipment) => step("pack", shipment),
    ship: async (shipment: Shipment) => {
      const fresh = !shipped.has(shipment.eventId);
      shipped.add(shipment.eventId);
      return (await step("ship", shipment)) && fresh;
    },
  };
  return { handlers: shipmentJobs({ store, fault: biting(bite), note }), did, note };
}

test("each job takes its own step, and notes it", async () => {
  const { handlers, did, note } = jobs();
  await handlers.pick(job);
  await handlers.pack(job);
  await handlers.ship(job);
  expect(did).toEqual(["pick o-1", "pack o-1", "ship o-1"]);
  expect(note.mock.calls).toEqual(
    ["picked", "packed", "shipped"].map((step) => [`shipment.${step}`, { orderId: "o-1" }]),
  );
});

test("shipping twice for one event is noted once", async () => {
  const { handlers, note } = jobs();
  await handlers.ship(job);
  await handlers.ship(job);
  expect(note.mock.calls).toEqual([["shipment.shipped", { orderId: "o-1" }]]);
});

test("for a cancelled order no step is noted, and none fails", async () => {
  const { handlers, note } = jobs({ off: ["o-1"] });
  for (const handle of Object.values(handlers)) await handle(job);
  expect(note).not.toHaveBeenCalled();
});

test("with the fault `failed` nothing is picked and the job is retried; another kind does nothing", async () => {
  const failing = jobs({ bite: "failed" });
  await expect(failing.handlers.pick(job)).rejects.toMatchObject({ code: "unavailable" });
  expect(failing.did).toEqual([]);
  const other = jobs({ bite: "generous" });
  await other.handlers.pick(job);
  expect(other.did).toEqual(["pick o-1"]);
});

test("an invalid payload is refused by every step, and the store is not called", async () => {
  const { handlers, did } = jobs();
  for (const guarded of Object.values(checkedBy(SHIPMENT_JOBS, handlers))) {
    for (const wrong of [undefined, null, {}, { ...payload, orderId: 7 }]) {
      await expect(guarded({ id: "j-1", payload: wrong })).rejects.toMatchObject({ code: "invalid" });
    }
  }
  expect(did).toEqual([]);
});
