import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import {
  counting,
  neighboursInMemory,
  neverFails,
  ordersInMemory,
  processOf,
  request,
  waiting,
} from "./shop.fixture.ts";

/** A shop with one CONFIRMED order. While `refundFails` is true, the queue cannot be reached. */
async function shop() {
  const orders = ordersInMemory();
  const neighbours = neighboursInMemory();
  const note = vi.fn<Note<Vocabulary>>();
  const state = { refundFails: false };
  const requestRefund = vi.fn(async (refund: Parameters<typeof neighbours.requestRefund>[0]) => {
    if (state.refundFails) throw new AppError("unavailable", "away");
    await neighbours.requestRefund(refund);
  });
  const shopOf = { orders, ...neighbours, requestRefund, note, fault: neverFails, newId: counting("o-") };
  const { checkout, cancel, sweep } = processOf(shopOf);
  const { orderId } = await checkout(request(), waiting);
  note.mockClear();
  return { ...neighbours, requestRefund, orders, note, state, cancel, sweep: () => sweep(waiting), orderId };
}
const notes = (note: { mock: { calls: unknown[][] } }) => note.mock.calls.map(([event]) => event);

test("a cancelled order gives its stock and its money back", async () => {
  const { cancel, orderId, requestRefund, workRefunds, stock, charges, note, orders } = await shop();
  expect(await cancel(orderId)).toMatchObject({ orderId, status: "CANCELLED" });
  expect(requestRefund.mock.calls).toEqual([[{ chargeKey: "o-1:charge", orderId, userId: "ann" }]]);
  workRefunds();
  expect([stock.get(orderId), charges.get("o-1:charge")]).toEqual(["released", "refunded"]);
  expect(notes(note)).toEqual(["order.cancelled", "refund.requested"]);
  expect(orders.sagas.get(orderId)?.step).toBe("done");
});

test("a second cancel has no further effect and gets the same answer", async () => {
  const { cancel, orderId, requestRefund, note } = await shop();
  const first = await cancel(orderId);
  expect(await cancel(orderId)).toEqual(first);
  expect(requestRefund).toHaveBeenCalledTimes(1);
  expect(notes(note)).toEqual(["order.cancelled", "refund.requested"]);
});

test("the order is CANCELLED even if nothing can be undone now; a sweeper undoes it later", async () => {
  const { cancel, sweep, orderId, state, orders, stock, charges, workRefunds, note } = await shop();
  state.refundFails = true;
  expect(await cancel(orderId)).toMatchObject({ status: "CANCELLED" });
  expect(note.mock.lastCall).toEqual(["order.unsettled", { orderId, reason: "unavailable" }]);
  expect(stock.get(orderId)).toBe("reserved");

  orders.expire();
  expect(await sweep()).toBe(1);
  expect(orders.sagas.get(orderId)?.step).toBe("cancel");

  state.refundFails = false;
  orders.expire();
  await sweep();
  workRefunds();
  expect([stock.get(orderId), charges.get("o-1:charge")]).toEqual(["released", "refunded"]);
  expect(orders.sagas.get(orderId)?.step).toBe("done");
});

test("a shipped order cannot be cancelled, and the caller learns why", async () => {
  const { cancel, orderId, orders, requestRefund, note } = await shop();
  await orders.ship(orderId, "e-1", new Date());
  await expect(cancel(orderId)).rejects.toMatchObject({
    code: "precondition_failed",
    reason: "wrong_status",
    extra: { orderStatus: "SHIPPED" },
  });
  await expect(cancel("nobody")).rejects.toMatchObject({ code: "not_found" });
  expect(requestRefund).not.toHaveBeenCalled();
  expect(note).not.toHaveBeenCalled();
});
