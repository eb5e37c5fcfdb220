/**
 * What the use cases need of the store: orders, and the saga that each order has.
 *
 * A saga is held by one at a time: the request that began it, then whoever took it over when its lease had run out,
 * or a cancel. `owner` is new with each taking, so that one who was believed dead changes nothing any more.
 */
import type { HistoryEntry, Item, Order, RejectionReason } from "./order.ts";

/**
 * Reserve and charge are taken in the request; `compensate` undoes them and rejects, `cancel` undoes them for an order
 * that is off already. A step stands here before it is taken.
 */
export type Step = "reserve" | "charge" | "compensate" | "cancel" | "done";

/** Whose saga it is, and who works on it. */
export interface Hold {
  readonly orderId: string;
  readonly owner: string;
}

export interface Saga extends Hold {
  readonly userId: string;
  readonly step: Step;
  /** The key of the charge; empty as long as none was begun, and nothing can have been taken from a card. */
  readonly chargeKey: string;
  /** What the order is to be rejected with, at `compensate`. */
  readonly reason: RejectionReason | "";
  /** The context of the request that began it. */
  readonly carrier: Readonly<Record<string, string>>;
  /** Which try of this saga it is: 1 in its request, more when it was taken up. */
  readonly attempt: number;
}

export interface NewOrder extends Hold {
  readonly idempotencyKey: string;
  readonly requestHash: string;
  readonly userId: string;
  readonly items: readonly Item[];
  readonly totalCents: number;
}

/** What is known of a checkout when it is asked for again. */
export interface Placed {
  /** As the checkout answered, whatever has become of the order since. */
  readonly order: Order;
  readonly requestHash: string;
  /** Somebody works on it. */
  readonly underWay: boolean;
}

export interface Listed {
  readonly order: Order;
  /** Its place in the list, for `after`. */
  readonly place: Place;
}

/** Behind which order a list goes on. */
export interface Place {
  /** To the microsecond, as the database has it: a `Date` would skip or repeat those of one millisecond. */
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

/** The steps that are stored by `begin`; the others are stored by what they do. */
export type BegunStep = Extract<Step, "charge" | "compensate">;

/** What undoing a step needs, and is not known yet. */
export interface Begun {
  readonly chargeKey?: string;
  readonly reason?: RejectionReason;
}

export interface Sagas {
  /** PENDING, its saga at `reserve`. False when this idempotency key has an order already. */
  place(order: NewOrder): Promise<boolean>;
  /** Stores a step before it is taken, and renews the lease. False when somebody else holds the saga. */
  begin(hold: Hold, step: BegunStep, more: Begun): Promise<boolean>;
  /** PENDING -> CONFIRMED, and OrderConfirmed. Undefined when somebody else holds the saga. */
  confirm(hold: Hold): Promise<Order | undefined>;
  /** PENDING -> REJECTED, and OrderRejected. Undefined when somebody else holds the saga. */
  reject(hold: Hold, reason: RejectionReason): Promise<Order | undefined>;
  /** A cancel has undone what there was to undo. */
  finish(hold: Hold): Promise<void>;
  /** Lets go of a saga that got stuck: it may be taken up in `restMs`, or when its lease runs out. */
  letGo(hold: Hold, restMs?: number): Promise<void>;
  /** Takes at most `limit` sagas that nobody works on. Each goes to one taker. */
  take(owner: string, limit: number): Promise<Saga[]>;
}

export interface Changes {
  /** CONFIRMED -> SHIPPED, and OrderShipped, once per event. A parcel for a cancelled order changes nothing. */
  ship(orderId: string, eventId: string, at: Date): Promise<"shipped" | "repeated" | "cancelled">;
  /** SHIPPED -> DELIVERED, and OrderDelivered. Changed: false when it had been. Fails with `not_found`, `wrong_status`. */
  deliver(orderId: string): Promise<{ order: Order; changed: boolean }>;
  /**
   * PENDING or CONFIRMED -> CANCELLED, and OrderCancelled; `owner` gets the saga that undoes the checkout, even from a
   * checkout that is under way. Without a saga when it had been cancelled. Fails with `not_found`, `wrong_status`.
   */
  cancel(orderId: string, owner: string): Promise<{ order: Order; saga?: Saga }>;
}

export interface OrderStore extends Reading, Sagas, Changes {}
