/** The events that tell of an order's new state. Each is dated `updatedAt`, when the order came into that state. */
import type { EventFrom } from "../_contracts/events.ts";
import type { Order } from "./order.ts";

/** The events that orders may append. */
export type OrderEvent = EventFrom<"orders">;

/** The fields that every event of an order has. */
const about = ({ orderId, userId, updatedAt }: Order): { orderId: string; userId: string; at: string } => ({
  orderId,
  userId,
  at: updatedAt.toISOString(),
});

export function orderConfirmed(order: Order): OrderEvent {
  const { userId: key, items, totalCents } = order;
  return { type: "OrderConfirmed", key, payload: { ...about(order), items: [...items], totalCents } };
}

export function orderRejected(order: Order): OrderEvent {
  const { userId: key, reason } = order;
  return { type: "OrderRejected", key, payload: { ...about(order), reason } };
}

export function orderShipped(order: Order): OrderEvent {
  return { type: "OrderShipped", key: order.userId, payload: about(order) };
}

export function orderDelivered(order: Order): OrderEvent {
  return { type: "OrderDelivered", key: order.userId, payload: about(order) };
}

export function orderCancelled(order: Order, wasConfirmed: boolean): OrderEvent {
  const { userId: key, items } = order;
  return { type: "OrderCancelled", key, payload: { ...about(order), items: [...items], wasConfirmed } };
}
