/** What others are told when an order comes into a state. `updatedAt` of a state just come into is when that was. */
import type {
  OrderCancelled,
  OrderConfirmed,
  OrderDelivered,
  OrderRejected,
  OrderShipped,
} from "../_contracts/events.ts";
import type { NewEvent } from "../_kit/events/outbox.ts";
import type { Order } from "./order.ts";

/** What every event of an order says. */
const about = ({ orderId, userId, updatedAt }: Order): { orderId: string; userId: string; at: string } => ({
  orderId,
  userId,
  at: updatedAt.toISOString(),
});

export function orderConfirmed(order: Order): NewEvent {
  const payload: OrderConfirmed = {
    ...about(order),
    items: [...order.items],
    totalCents: order.totalCents,
  };
  return { type: "OrderConfirmed", key: order.userId, payload };
}

export function orderRejected(order: Order): NewEvent {
  const payload: OrderRejected = { ...about(order), reason: order.reason };
  return { type: "OrderRejected", key: order.userId, payload };
}

export function orderShipped(order: Order): NewEvent {
  const payload: OrderShipped = about(order);
  return { type: "OrderShipped", key: order.userId, payload };
}

export function orderDelivered(order: Order): NewEvent {
  const payload: OrderDelivered = about(order);
  return { type: "OrderDelivered", key: order.userId, payload };
}

export function orderCancelled(order: Order, wasConfirmed: boolean): NewEvent {
  const payload: OrderCancelled = { ...about(order), items: [...order.items], wasConfirmed };
  return { type: "OrderCancelled", key: order.userId, payload };
}
