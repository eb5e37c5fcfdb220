import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeCompensate } from "./compensate.ts";

function compensating() {
  const trail: string[] = [];
  const note = vi.fn<Note<Vocabulary>>();
  const requestRefund = vi.fn(async () => {});
  const compensate = makeCompensate({
    release: async (orderId) => {
      trail.push(`released ${orderId}`);
    },
    requestRefund,
    takeStep: (name, work) => {
      trail.push(name);
      return work();
    },
    note,
  });
  return { compensate, trail, note, requestRefund };
}
const refund = { chargeKey: "o-1:charge", orderId: "o-1", userId: "ann" };

test("when nothing can have been charged, only the stock is released", async () => {
  const { compensate, trail, note, requestRefund } = compensating();
  await compensate("o-1", undefined);
  expect(trail).toEqual(["release", "released o-1"]);
  expect(requestRefund).not.toHaveBeenCalled();
  expect(note).not.toHaveBeenCalled();
});

test("the refund is requested before the stock is released", async () => {
  const { compensate, trail, note, requestRefund } = compensating();
  await compensate("o-1", refund);
  expect(trail).toEqual(["refund", "release", "released o-1"]);
  expect(requestRefund.mock.calls).toEqual([[refund]]);
  expect(note.mock.calls).toEqual([["refund.requested", { orderId: "o-1" }]]);
});

test("when the refund cannot be requested the stock is kept, so that all of it is tried again", async () => {
  const { compensate, trail, requestRefund, note } = compensating();
  requestRefund.mockRejectedValueOnce(new Error("away"));
  await expect(compensate("o-1", refund)).rejects.toThrow("away");
  expect(trail).toEqual(["refund"]);
  expect(note).not.toHaveBeenCalled();
});
