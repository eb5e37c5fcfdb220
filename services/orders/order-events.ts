/** What others are told when an order comes into a state. `updatedAt` of a state just come into is when that was. */
import type {
  OrderCancelled,
  OrderConfirmed,
  OrderDelivered,
  OrderRejected,
  OrderShipped,
} from "../_contracts/events.ts";
import type { NewEvent } from "../_kit/outbox.ts";
import type { Order } from "./order.ts";

export function orderConfirmed({ orderId, userId, items, totalCents, updatedAt }: Order): NewEvent {
  const at = updatedAt.toISOString();
  const payload: OrderConfirmed = { orderId, userId, items: [...items], totalCents, at };
  return { type: "OrderConfirmed", key: userId, payload };
}

export function orderRejected({ orderId, userId, reason, updatedAt }: Order): NewEvent {
  const payload: OrderRejected = { orderId, userId, reason, at: updatedAt.toISOString() };
  return { type: "OrderRejected", key: userId, payload };
}

export function orderShipped({ orderId, userId, updatedAt }: Order): NewEvent {
  const payload: OrderShipped = { orderId, userId, at: updatedAt.toISOString() };
  return { type: "OrderShipped", key: userId, payload };
}

export function orderDelivered({ orderId, userId, updatedAt }: Order): NewEvent {
  const payload: OrderDelivered = { orderId, userId, at: updatedAt.toISOString() };
  return { type: "OrderDelivered", key: userId, payload };
}

export function orderCancelled(
  { orderId, userId, items, updatedAt }: Order,
  wasConfirmed: boolean,
): NewEvent {
  const at = updatedAt.toISOString();
  const payload: OrderCancelled = { orderId, userId, items: [...items], wasConfirmed, at };
  return { type: "OrderCancelled", key: userId, payload };
}
