import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { JobQueue } from "../_kit/queue.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeQueueConfirmation } from "./queue-confirmation.ts";

const items = [{ sku: "mug", quantity: 1 }];
const event = { id: "e-1", payload: { orderId: "o-1", userId: "ann", items, totalCents: 899 } };

function queueing(add: JobQueue["add"] = async () => {}) {
  const note = vi.fn<Note<Vocabulary>>();
  const queue = { add: vi.fn(add) };
  return { queueConfirmation: makeQueueConfirmation(queue, note), queue, note };
}

test("OrderConfirmed becomes one job, named after the event, with what the e-mail says and no more", async () => {
  const { queueConfirmation, queue, note } = queueing();
  await queueConfirmation(event);
  const payload = { eventId: "e-1", orderId: "o-1", userId: "ann", totalCents: 899 };
  expect(queue.add.mock.calls).toEqual([[{ name: "confirmation", id: "confirmation-e-1", payload }]]);
  expect(note.mock.calls).toEqual([["email.queued", { orderId: "o-1" }]]);
});

test("what is no OrderConfirmed is refused as invalid, and no job is added", async () => {
  const { queueConfirmation, queue } = queueing();
  for (const payload of [
    null,
    {},
    { ...event.payload, userId: "" },
    { ...event.payload, totalCents: 8.99 },
  ]) {
    await expect(queueConfirmation({ id: "e-1", payload })).rejects.toMatchObject({ code: "invalid" });
  }
  expect(queue.add).not.toHaveBeenCalled();
});

test("a queue that is away fails the delivery, and nothing is called queued", async () => {
  const { queueConfirmation, note } = queueing(async () => {
    throw new Error("Redis is away");
  });
  await expect(queueConfirmation(event)).rejects.toThrow("Redis is away");
  expect(note).not.toHaveBeenCalled();
});
