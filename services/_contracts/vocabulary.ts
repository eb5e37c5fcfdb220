/** The shop's notes and fault points. They are typed, so that a misspelt one does not compile. */

/** What business code notes, each with its fields. Never a name, an address or a card. */
export type Vocabulary = {
  "order.placed": { orderId: string; totalCents: number };
  "order.confirmed": { orderId: string };
  "order.rejected": { orderId: string; reason: string };
  "order.unsettled": { orderId: string; reason: string };
  "order.shipped": { orderId: string };
  "order.delivered": { orderId: string };
  "order.cancelled": { orderId: string };
  "order.read": { orderId: string };
  "orders.listed": { userId: string; count: number };
  "user.created": { userId: string };
  "saga.resumed": { orderId: string; step: string };
  "refund.requested": { orderId: string };
  "stock.reserved": { orderId: string };
  "stock.refused": { orderId: string; sku: string };
  "stock.released": { orderId: string };
  "item.created": { sku: string };
  "item.repriced": { sku: string; priceCents: number };
  "item.restocked": { sku: string; quantity: number };
  "item.retired": { sku: string };
  "item.read": { sku: string };
  "items.listed": { count: number };
  "payment.charged": { orderId: string; amountCents: number };
  "payment.declined": { orderId: string; amountCents: number };
  "payment.refunded": { orderId: string; amountCents: number };
  "payment.voided": { orderId: string };
  "shipment.requested": { orderId: string };
  "shipment.picked": { orderId: string };
  "shipment.packed": { orderId: string };
  "shipment.shipped": { orderId: string };
  "shipment.cancelled": { orderId: string };
  "shipment.recalled": { orderId: string };
  "email.queued": { orderId: string; kind: string };
  "email.sent": { orderId: string; kind: string };
  "welcome.queued": { userId: string };
  "welcome.sent": { userId: string };
  "sale.recorded": { orderId: string };
  "sale.reversed": { orderId: string };
  "audit.recorded": { orderId: string; type: string };
  "signup.recorded": { userId: string };
  "item.recorded": { sku: string; change: string };
};

/** Where a fault can bite, with the kinds that the code there understands. */
export const FAULT_POINTS = {
  // slow(ms): the bank takes that long.
  // lost: the card is charged, the answer never arrives.
  "payments.charge": ["declined", "slow", "lost"],
  // failed, in all of these: this attempt fails; with *n the first n do.
  "payments.refund": ["failed"],
  "inventory.reserve": ["failed"],
  // delayed(ms): the pick is due later by this time, which leaves time to cancel.
  "shipping.pick": ["failed", "delayed"],
  "notifications.send": ["failed"],
  "analytics.record": ["failed"],
  // kill(step): the process ends, as by SIGKILL, right before the saga's step of that name; kill(after-step) behind it.
  "orders.saga": ["kill"],
} as const satisfies Record<string, readonly string[]>;

/** Any caller can ask for a fault: it delays work for no longer than this. */
const MAX_FAULT_MS = 60_000;

/** The argument of `slow(ms)` or `delayed(ms)`: whole milliseconds, a minute at most; 0 for anything else. */
export const faultMs = (argument = ""): number =>
  /^\d+$/.test(argument) ? Math.min(Number(argument), MAX_FAULT_MS) : 0;
