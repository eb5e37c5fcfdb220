/** An order, and what may become of it. */

export type OrderStatus = "PENDING" | "CONFIRMED" | "SHIPPED" | "DELIVERED" | "REJECTED" | "CANCELLED";
export type RejectionReason = "card_declined" | "out_of_stock";
/** The saga's step that was begun last. */
export type Step = "reserve" | "charge" | "compensate" | "done";

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
}
