/**
 * The events: what each is called and what it carries. A producer appends them to its outbox, a consumer checks
 * what it gets against these schemas. Subjects are `events.p<bucket>.<type>`, bucketed by user.
 */
import * as z from "zod";

const id = z.string().min(1).max(128);
const item = z.object({ sku: id, quantity: z.int().positive() });
/** When it happened, as the one who says so saw it. */
const at = z.iso.datetime();
const cents = z.int().nonnegative();

/** Somebody has signed up. From orders; for notifications and analytics. */
export const UserCreated = z.object({
  userId: id,
  /** Who sends the welcome has no other way to learn them. They stay out of spans and logs. */
  name: z.string().min(1).max(200),
  email: z.string().min(3).max(254),
  at,
});
export type UserCreated = z.output<typeof UserCreated>;

/** An order is paid and reserved. From orders; for shipping, notifications and analytics. */
export const OrderConfirmed = z.object({
  orderId: id,
  userId: id,
  items: z.array(item).min(1),
  totalCents: cents,
  at,
});
export type OrderConfirmed = z.output<typeof OrderConfirmed>;

/** An order came to nothing. From orders; for analytics. */
export const OrderRejected = z.object({ orderId: id, userId: id, reason: id, at });
export type OrderRejected = z.output<typeof OrderRejected>;

/** A parcel has left the house. From shipping; for orders, which alone knows what that makes of the order. */
export const ParcelShipped = z.object({ orderId: id, userId: id, at });
export type ParcelShipped = z.output<typeof ParcelShipped>;

/** An order is on its way. From orders; for analytics. */
export const OrderShipped = z.object({ orderId: id, userId: id, at });
export type OrderShipped = z.output<typeof OrderShipped>;

/** An order has arrived. From orders; for analytics. */
export const OrderDelivered = z.object({ orderId: id, userId: id, at });
export type OrderDelivered = z.output<typeof OrderDelivered>;

/** An order is off. From orders; for shipping and analytics. */
export const OrderCancelled = z.object({
  orderId: id,
  userId: id,
  items: z.array(item).min(1),
  /** True when OrderConfirmed came before: only then is there a sale to take back. */
  wasConfirmed: z.boolean(),
  at,
});
export type OrderCancelled = z.output<typeof OrderCancelled>;

/** Money has gone back. From payments; for notifications and analytics. */
export const PaymentRefunded = z.object({ orderId: id, userId: id, amountCents: cents, at });
export type PaymentRefunded = z.output<typeof PaymentRefunded>;

/**
 * Who hears what: consumer groups by event type. A producer does not know them; whoever watches the whole does, and
 * calls a journey settled only when all of them have had their messages.
 */
export const SUBSCRIBERS: Readonly<Record<string, readonly string[]>> = {
  UserCreated: ["notifications", "analytics"],
  OrderConfirmed: ["shipping", "notifications", "analytics"],
  OrderRejected: ["analytics"],
  ParcelShipped: ["orders"],
  OrderShipped: ["analytics"],
  OrderDelivered: ["analytics"],
  OrderCancelled: ["shipping", "analytics"],
  PaymentRefunded: ["notifications", "analytics"],
};
