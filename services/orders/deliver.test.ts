import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeDeliver } from "./deliver.ts";
import type { Order } from "./order.ts";

const times = { createdAt: new Date(0), updatedAt: new Date(0) };
const order: Order = {
  orderId: "o-1",
  userId: "ann",
  status: "DELIVERED",
  reason: "",
  items: [],
  totalCents: 1,
  ...times,
};

test("a delivery answers with the order, and is noted when it changed something", async () => {
  for (const changed of [true, false]) {
    const note = vi.fn<Note<Vocabulary>>();
    const deliver = makeDeliver({ deliver: async () => ({ order, changed }) }, note);
    expect(await deliver("o-1")).toBe(order);
    expect(note.mock.calls).toEqual(changed ? [["order.delivered", { orderId: "o-1" }]] : []);
  }
});
