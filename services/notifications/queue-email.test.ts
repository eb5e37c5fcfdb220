import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { type EmailQueue, emailRequests } from "./queue-email.ts";

const at = "2026-01-02T03:04:05.678Z";
const items = [{ sku: "mug", quantity: 1 }];
const confirmed = { id: "e-1", payload: { orderId: "o-1", userId: "ann", items, totalCents: 899, at } };
const refunded = { id: "e-2", payload: { orderId: "o-1", userId: "ann", amountCents: 899, at } };
const created = { id: "e-3", payload: { userId: "u-1", name: "Ann", email: "ann@example.test", at } };

function requesting(add: EmailQueue["add"] = async () => {}) {
  const note = vi.fn<Note<Vocabulary>>();
  const queue = { add: vi.fn(add) };
  return { requests: emailRequests(queue, note), queue, note };
}

test("each event becomes one job, named after the event, with only what its e-mail needs", async () => {
  const { requests, queue, note } = requesting();
  await requests.OrderConfirmed(confirmed);
  await requests.PaymentRefunded(refunded);
  await requests.UserCreated(created);
  const { at: _, ...person } = created.payload;
  const order = { orderId: "o-1", userId: "ann" };
  expect(queue.add.mock.calls.flat()).toEqual([
    { name: "confirmation", id: "confirmation-e-1", payload: { eventId: "e-1", ...order, totalCents: 899 } },
    { name: "refund", id: "refund-e-2", payload: { eventId: "e-2", ...order, amountCents: 899 } },
    { name: "welcome", id: "welcome-e-3", payload: { eventId: "e-3", ...person } },
  ]);
  // Neither the name nor the address is noted.
  expect(note.mock.calls).toEqual([
    ["email.queued", { orderId: "o-1", kind: "confirmation" }],
    ["email.queued", { orderId: "o-1", kind: "refund" }],
    ["welcome.queued", { userId: "u-1" }],
  ]);
});

test("a queue that is away fails the event, and nothing is noted", async () => {
  const { requests, note } = requesting(async () => {
    throw new Error("Redis is away");
  });
  await expect(requests.OrderConfirmed(confirmed)).rejects.toThrow("Redis is away");
  await expect(requests.PaymentRefunded(refunded)).rejects.toThrow("Redis is away");
  await expect(requests.UserCreated(created)).rejects.toThrow("Redis is away");
  expect(note).not.toHaveBeenCalled();
});
