/**
 * What the use cases need of the store: orders, and the saga that each order has.
 *
 * A saga has one owner at a time: first the request that began it, then a sweeper that took it when its lease had run
 * out, or a cancel. Each taking makes a new `owner`, so that an earlier owner that is only slow can change nothing.
 */
import type { HistoryEntry, Item, Order, RejectionReason } from "./order.ts";

/**
 * `reserve` and `charge` are taken in the request. `compensate` undoes them and rejects the order; `cancel` undoes them
 * for an order that is CANCELLED already. A step is stored before it is taken.
 */
export type Step = "reserve" | "charge" | "compensate" | "cancel" | "done";

/** The ownership of an order's saga. */
export interface Hold {
  readonly orderId: string;
  readonly owner: string;
}

export interface Saga extends Hold {
  readonly userId: string;
  readonly step: Step;
  /** The key of the charge. While it is empty, no charge was begun and nothing can have been taken from a card. */
  readonly chargeKey: string;
  /** The reason to reject the order with, at `compensate`. */
  readonly reason: RejectionReason | "";
  /** The context of the request that began it. */
  readonly carrier: Readonly<Record<string, string>>;
  /** 1 in the request that began it, one more each time that it is taken up. */
  readonly attempt: number;
}

export interface NewOrder extends Hold {
  readonly idempotencyKey: string;
  readonly requestHash: string;
  readonly userId: string;
  readonly items: readonly Item[];
  readonly totalCents: number;
}

/** A checkout that is stored already, for a repeated request. */
export interface Placed {
  /** As it was at the end of the checkout; later changes of the order do not count. */
  readonly order: Order;
  readonly requestHash: string;
  /** An owner works on it. */
  readonly underWay: boolean;
}

export interface Listed {
  readonly order: Order;
  /** Its place in the list, for `after`. */
  readonly place: Place;
}

/** A list continues behind this order. */
export interface Place {
  /** To the microsecond, as in the database: a `Date` would skip or repeat orders of the same millisecond. */
  readonly createdAt: string;
  readonly orderId: string;
}

export interface Reading {
  find(orderId: string): Promise<Order | undefined>;
  findByKey(idempotencyKey: string): Promise<Placed | undefined>;
  /** Oldest first; empty when there is no such order. */
  history(orderId: string): Promise<HistoryEntry[]>;
  /** A user's orders, newest first, at most `limit`, behind `after`. */
  page(userId: string, after: Place | undefined, limit: number): Promise<Listed[]>;
}

/** The steps that `begin` stores; the others store themselves in their own transaction. */
export type BegunStep = Extract<Step, "charge" | "compensate">;

/** Facts that the compensation of a step needs, and that are not stored before the step begins. */
export interface Begun {
  readonly chargeKey?: string;
  readonly reason?: RejectionReason;
}

export interface Sagas {
  /** Stores a PENDING order with its saga at `reserve`. False when this idempotency key has an order already. */
  place(order: NewOrder): Promise<boolean>;
  /** Stores a step before it is taken, and renews the lease. False when another owner holds the saga. */
  begin(hold: Hold, step: BegunStep, more: Begun): Promise<boolean>;
  /** PENDING -> CONFIRMED, and appends OrderConfirmed. Undefined when another owner holds the saga. */
  confirm(hold: Hold): Promise<Order | undefined>;
  /** PENDING -> REJECTED, and appends OrderRejected. Undefined when another owner holds the saga. */
  reject(hold: Hold, reason: RejectionReason): Promise<Order | undefined>;
  /** Ends the saga of a cancel that has undone everything. */
  finish(hold: Hold): Promise<void>;
  /** Gives up ownership of a saga that got stuck. It is due in `restMs`; without it, when the lease runs out. */
  letGo(hold: Hold, restMs?: number): Promise<void>;
  /** Takes at most `limit` due sagas. Concurrent calls never take the same saga. */
  take(owner: string, limit: number): Promise<Saga[]>;
}

export interface Changes {
  /** CONFIRMED -> SHIPPED, and appends OrderShipped, once per event. A parcel for a cancelled order changes nothing. */
  ship(orderId: string, eventId: string, at: Date): Promise<"shipped" | "repeated" | "cancelled">;
  /**
   * SHIPPED -> DELIVERED, and appends OrderDelivered. `changed`: false when it was DELIVERED already. Fails with
   * `not_found`, `wrong_status`.
   */
  deliver(orderId: string): Promise<{ order: Order; changed: boolean }>;
  /**
   * PENDING or CONFIRMED -> CANCELLED, and appends OrderCancelled. `owner` gets the saga, to undo the checkout, even if
   * the checkout is under way. Answers no saga when it was CANCELLED already. Fails with `not_found`, `wrong_status`.
   */
  cancel(orderId: string, owner: string): Promise<{ order: Order; saga?: Saga }>;
}

export interface OrderStore extends Reading, Sagas, Changes {}
