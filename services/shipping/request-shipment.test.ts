import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { JobQueue } from "../_kit/queue.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeRequestShipment } from "./request-shipment.ts";

const items = [{ sku: "mug", quantity: 1 }];
const event = { id: "e-1", payload: { orderId: "o-1", userId: "ann", items, totalCents: 899 } };

function requesting(addFlow: JobQueue["addFlow"] = async () => {}) {
  const note = vi.fn<Note<Vocabulary>>();
  const queue = { addFlow: vi.fn(addFlow) };
  return { requestShipment: makeRequestShipment(queue, note), queue, note };
}

test("OrderConfirmed becomes a flow: ship waits for pack, pack for pick, each named after the event", async () => {
  const { requestShipment, queue, note } = requesting();
  await requestShipment(event);
  const payload = { eventId: "e-1", orderId: "o-1", userId: "ann" };
  const pick = { name: "pick", id: "pick-e-1", payload };
  const pack = { name: "pack", id: "pack-e-1", payload, children: [pick] };
  expect(queue.addFlow.mock.calls).toEqual([[{ name: "ship", id: "ship-e-1", payload, children: [pack] }]]);
  expect(note.mock.calls).toEqual([["shipment.requested", { orderId: "o-1" }]]);
});

test("the same event twice asks for the same jobs, which the queue takes once", async () => {
  const { requestShipment, queue } = requesting();
  await requestShipment(event);
  await requestShipment(event);
  const [first, second] = queue.addFlow.mock.calls;
  expect(second).toEqual(first);
});

test("what is no OrderConfirmed is refused as invalid, and no job is added", async () => {
  const { requestShipment, queue } = requesting();
  const { items: _, ...without } = event.payload;
  for (const payload of [without, { ...without, items: [] }, { ...event.payload, totalCents: -1 }, null]) {
    await expect(requestShipment({ id: "e-1", payload })).rejects.toMatchObject({ code: "invalid" });
  }
  expect(queue.addFlow).not.toHaveBeenCalled();
});

test("a queue that is away fails the delivery, and nothing is called requested", async () => {
  const { requestShipment, note } = requesting(async () => {
    throw new Error("Redis is away");
  });
  await expect(requestShipment(event)).rejects.toThrow("Redis is away");
  expect(note).not.toHaveBeenCalled();
});
