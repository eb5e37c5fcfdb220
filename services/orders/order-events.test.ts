import { expect, test } from "vitest";
import { EVENTS } from "../_contracts/events.ts";
import type { Order } from "./order.ts";
import {
  orderCancelled,
  orderConfirmed,
  orderDelivered,
  orderRejected,
  orderShipped,
} from "./order-events.ts";

const order: Order = {
  orderId: "o-1",
  userId: "ann",
  status: "CONFIRMED",
  reason: "card_declined",
  items: [{ sku: "mug", quantity: 2 }],
  totalCents: 1_798,
  createdAt: new Date("2026-11-21T08:00:00.000Z"),
  updatedAt: new Date("2026-11-21T08:00:01.500Z"),
};
const told = { orderId: "o-1", userId: "ann", at: "2026-11-21T08:00:01.500Z" };
const { items, totalCents, reason } = order;

const events = [
  [orderConfirmed(order), "OrderConfirmed", { ...told, items, totalCents }],
  [orderRejected(order), "OrderRejected", { ...told, reason }],
  [orderShipped(order), "OrderShipped", told],
  [orderDelivered(order), "OrderDelivered", told],
  [orderCancelled(order, true), "OrderCancelled", { ...told, items, wasConfirmed: true }],
] as const;

for (const [event, type, payload] of events) {
  test(`${type} is what its contract says, dated when the order came into its state, in its user's bucket`, () => {
    expect(event).toEqual({ type, key: "ann", payload });
    expect(EVENTS[type].schema.parse(event.payload)).toEqual(payload);
  });
}
