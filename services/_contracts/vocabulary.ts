/** The shop's words: what happens in it, and where a fault can be set. Typed, so that a misspelt one does not compile. */

/** What business code notes, and what it says with it. Never a name, an address or a card. */
export type Vocabulary = {
  "order.placed": { orderId: string; totalCents: number };
  "order.confirmed": { orderId: string };
  "order.rejected": { orderId: string; reason: string };
  "order.unsettled": { orderId: string; reason: string };
  "order.shipped": { orderId: string };
  "order.read": { orderId: string };
  "stock.reserved": { orderId: string };
  "stock.refused": { orderId: string; sku: string };
  "stock.released": { orderId: string };
  "payment.charged": { orderId: string; amountCents: number };
  "payment.declined": { orderId: string; amountCents: number };
  "shipment.requested": { orderId: string };
  "shipment.picked": { orderId: string };
  "shipment.packed": { orderId: string };
  "shipment.shipped": { orderId: string };
  "email.queued": { orderId: string };
  "email.sent": { orderId: string; kind: string };
  "sale.recorded": { orderId: string };
  "audit.recorded": { orderId: string; type: string };
};

/** Where a fault can bite, and what kinds the code there understands. */
export const FAULT_POINTS = {
  // slow(ms): the bank takes that long.
  "payments.charge": ["declined", "slow"],
} as const satisfies Record<string, readonly string[]>;
