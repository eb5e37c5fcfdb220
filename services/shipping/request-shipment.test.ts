import { expect, test, vi } from "vitest";
import { biting } from "../../tests/fixtures.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeRequestShipment, type ShipmentQueue } from "./request-shipment.ts";

const at = "2026-01-02T03:04:05.678Z";
const items = [{ sku: "mug", quantity: 1 }];
const event = { id: "e-1", payload: { orderId: "o-1", userId: "ann", items, totalCents: 899, at } };

function requesting(
  addFlow: ShipmentQueue["addFlow"] = async () => {},
  cancelled: string[] = [],
  fault: FaultAt = biting(),
) {
  const note = vi.fn<Note<Vocabulary>>();
  const queue = { addFlow: vi.fn(addFlow) };
  const store = { isCancelled: async (orderId: string) => cancelled.includes(orderId) };
  return { requestShipment: makeRequestShipment({ queue, store, fault, note }), queue, note };
}

test("OrderConfirmed becomes a flow: ship waits for pack, pack for pick, each named after the event", async () => {
  const { requestShipment, queue, note } = requesting(undefined, ["o-2"]);
  await requestShipment(event);
  const payload = { eventId: "e-1", orderId: "o-1", userId: "ann" };
  const pick = { name: "pick", id: "pick-e-1", payload };
  const pack = { name: "pack", id: "pack-e-1", payload, children: [pick] };
  expect(queue.addFlow.mock.calls).toEqual([[{ name: "ship", id: "ship-e-1", payload, children: [pack] }]]);
  expect(note.mock.calls).toEqual([["shipment.requested", { orderId: "o-1" }]]);
});

test("the fault `delayed` delays the pick, by a minute at most, and nothing else", async () => {
  const delays = async (kind: string, arg?: string) => {
    const { requestShipment, queue } = requesting(undefined, [], (point) => ({
      point,
      kind,
      arg,
      attempts: 1,
    }));
    await requestShipment(event);
    const [[ship] = []] = queue.addFlow.mock.calls;
    const [pack] = ship?.children ?? [];
    return [ship, pack, pack?.children?.[0]].map((job) => job?.delayMs);
  };
  expect(await delays("delayed", "250")).toEqual([undefined, undefined, 250]);
  expect(await delays("delayed", "999999999")).toEqual([undefined, undefined, 60_000]);
  for (const arg of [undefined, "", "-1", "soon"])
    expect(await delays("delayed", arg)).toEqual([undefined, undefined, undefined]);
  expect(await delays("failed", "250")).toEqual([undefined, undefined, undefined]);
});

test("the same event twice adds jobs with the same ids, which the queue takes once", async () => {
  const { requestShipment, queue } = requesting();
  await requestShipment(event);
  await requestShipment(event);
  const [first, second] = queue.addFlow.mock.calls;
  expect(second).toEqual(first);
});

test("an order that was cancelled before its confirmation arrived adds no jobs", async () => {
  const { requestShipment, queue, note } = requesting(undefined, ["o-1"]);
  await requestShipment(event);
  expect(queue.addFlow).not.toHaveBeenCalled();
  expect(note).not.toHaveBeenCalled();
});

test("a queue that is away fails the event, and nothing is noted", async () => {
  const { requestShipment, note } = requesting(async () => {
    throw new Error("Redis is away");
  });
  await expect(requestShipment(event)).rejects.toThrow("Redis is away");
  expect(note).not.toHaveBeenCalled();
});
