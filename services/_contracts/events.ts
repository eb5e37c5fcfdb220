/**
 * The events: what each is called and what it carries. A producer appends them to its outbox, a consumer checks
 * what it gets against these schemas. Subjects are `events.p<bucket>.<type>`, bucketed by user.
 */
import * as z from "zod";

const id = z.string().min(1).max(128);
const item = z.object({ sku: id, quantity: z.int().positive() });

/** An order is paid and reserved. From orders; for shipping, notifications and analytics. */
export const OrderConfirmed = z.object({
  orderId: id,
  userId: id,
  items: z.array(item).min(1),
  totalCents: z.int().nonnegative(),
});
export type OrderConfirmed = z.output<typeof OrderConfirmed>;

/** An order has left the house. From shipping; for orders and analytics. */
export const OrderShipped = z.object({ orderId: id, userId: id });
export type OrderShipped = z.output<typeof OrderShipped>;

/**
 * Who hears what: consumer groups by event type. A producer does not know them; whoever watches the whole does, and
 * calls a journey settled only when all of them have had their messages.
 */
export const SUBSCRIBERS: Readonly<Record<string, readonly string[]>> = {
  OrderConfirmed: ["shipping", "notifications", "analytics"],
  OrderShipped: ["orders", "analytics"],
};
