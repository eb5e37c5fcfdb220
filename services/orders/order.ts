/** An order and its states. */

export type OrderStatus = "PENDING" | "CONFIRMED" | "SHIPPED" | "DELIVERED" | "REJECTED" | "CANCELLED";
/**
 * `retired`: an item was taken out of the shop between its quote and its reservation. `interrupted`: the checkout
 * stopped before the order was known to be paid, and was undone.
 */
export type RejectionReason = "card_declined" | "out_of_stock" | "retired" | "interrupted";

/** The position of a state in an order's history. It is fixed, and grows along every possible history. */
export const POSITION: Readonly<Record<OrderStatus, number>> = {
  PENDING: 1,
  CONFIRMED: 2,
  REJECTED: 2,
  SHIPPED: 3,
  CANCELLED: 3,
  DELIVERED: 4,
};

export interface Item {
  readonly sku: string;
  readonly quantity: number;
}

export interface Order {
  readonly orderId: string;
  readonly userId: string;
  readonly status: OrderStatus;
  /** Why it was rejected; empty otherwise. */
  readonly reason: string;
  readonly items: readonly Item[];
  readonly totalCents: number;
  readonly createdAt: Date;
  /** When it came into its present state. */
  readonly updatedAt: Date;
}

/** One state that an order has been in. */
export interface HistoryEntry {
  readonly position: number;
  readonly status: OrderStatus;
  readonly reason: string;
  readonly at: Date;
}
