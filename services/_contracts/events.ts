/**
 * The events, one row each: the payload, the service that sends it, the services that hear it. Producers, consumers,
 * `topology.ts` and lens read this one table. A subject is `events.p<bucket>.<type>`; the bucket is computed from the
 * key, which is the user, or the SKU of an item.
 */
import * as z from "zod";

/** The row of an event. */
interface EventRow {
  /** The payload. A consumer checks what it gets against this. */
  readonly schema: z.ZodType<object>;
  /** The one service that appends it. */
  readonly from: string;
  /** The services that handle it. For lens a journey is settled when all of them have handled it. */
  readonly to: readonly string[];
}

const id = z.string().min(1).max(128);
const item = z.object({ sku: id, quantity: z.int().positive() });
/** When it happened, by the sender's clock. */
const at = z.iso.datetime();
const cents = z.int().nonnegative();

export const EVENTS = {
  /** A user has signed up. */
  UserCreated: {
    from: "orders",
    to: ["notifications", "analytics"],
    schema: z.object({
      userId: id,
      /** For the welcome e-mail, which has no other source. Name and address stay out of spans and logs. */
      name: z.string().min(1).max(200),
      email: z.string().min(3).max(254),
      at,
    }),
  },
  /** An order is paid and reserved. */
  OrderConfirmed: {
    from: "orders",
    to: ["shipping", "notifications", "analytics"],
    schema: z.object({ orderId: id, userId: id, items: z.array(item).min(1), totalCents: cents, at }),
  },
  /** An order was refused: the card, or the stock. */
  OrderRejected: {
    from: "orders",
    to: ["analytics"],
    schema: z.object({ orderId: id, userId: id, reason: id, at }),
  },
  /** A parcel has left the warehouse. Orders alone decides what state the order comes into. */
  ParcelShipped: {
    from: "shipping",
    to: ["orders"],
    schema: z.object({ orderId: id, userId: id, at }),
  },
  /** An order is on its way. */
  OrderShipped: {
    from: "orders",
    to: ["analytics"],
    schema: z.object({ orderId: id, userId: id, at }),
  },
  /** An order has arrived. */
  OrderDelivered: {
    from: "orders",
    to: ["analytics"],
    schema: z.object({ orderId: id, userId: id, at }),
  },
  /** An order was cancelled. */
  OrderCancelled: {
    from: "orders",
    to: ["shipping", "analytics"],
    schema: z.object({
      orderId: id,
      userId: id,
      items: z.array(item).min(1),
      /** True when OrderConfirmed came before: only then is there a sale to reverse. */
      wasConfirmed: z.boolean(),
      at,
    }),
  },
  /** Money was given back. */
  PaymentRefunded: {
    from: "payments",
    to: ["notifications", "analytics"],
    schema: z.object({ orderId: id, userId: id, amountCents: cents, at }),
  },
  /** An item of the catalogue is there, or has changed. Reservations are not told. */
  ItemChanged: {
    from: "inventory",
    to: ["analytics"],
    schema: z.object({
      sku: id,
      /** What has changed. */
      change: z.enum(["created", "repriced", "restocked", "retired"]),
      /** How the item is since then. */
      title: z.string().min(1).max(200),
      priceCents: cents,
      /** The pieces that can still be reserved; null: it is never out of stock. */
      stock: z.int().nonnegative().nullable(),
      retired: z.boolean(),
      /** Grows by one with each of these events. */
      version: z.int().positive(),
      at,
    }),
  },
} as const satisfies Readonly<Record<string, EventRow>>;

type Events = typeof EVENTS;

/** The name of an event, e.g. `OrderConfirmed`. */
export type EventType = keyof Events;

/** The payload of the event `T`. */
export type Payload<T extends EventType> = z.output<Events[T]["schema"]>;

/** The types of the events that `service` appends; none (`never`) for a name that no row has. */
export type SentBy<Service extends string> = {
  [T in EventType]: Events[T]["from"] extends Service ? T : never;
}[EventType];

/** The types of the events that `service` hears; none (`never`) for a name that no row has. */
export type HeardBy<Service extends string> = {
  [T in EventType]: Service extends Events[T]["to"][number] ? T : never;
}[EventType];

/** The events that `service` may append to its outbox, each with the payload of its own type. */
export type EventFrom<Service extends string> = {
  [T in SentBy<Service>]: {
    readonly type: T;
    /** Events with the same key stay in order: the user's id, or the SKU of an item. */
    readonly key: string;
    readonly payload: Payload<T>;
  };
}[SentBy<Service>];

/** The schemas of the events that `service` hears, by type. */
export function eventsTo<const Service extends string>(
  service: Service,
): { readonly [T in HeardBy<Service>]: Events[T]["schema"] } {
  const heard = Object.entries<EventRow>(EVENTS).filter(([, { to }]) => to.includes(service));
  return Object.fromEntries(heard.map(([type, { schema }]) => [type, schema])) as {
    readonly [T in HeardBy<Service>]: Events[T]["schema"];
  };
}
