/** How a version of the API shows what the gateway knows, and what all versions have in common. */
import * as z from "zod";
import type { ItemBody } from "./catalog/items.ts";
import type { CheckoutBody } from "./checkout.ts";
import type { Item, ItemPage, Listed, Order, StatusChange, User } from "./ports.ts";
import type { Version } from "./version.ts";

/** The ids that every answer carries. */
export interface Ids {
  readonly correlationId?: string;
  readonly traceId?: string;
}

/** Makes the address of a path, below the base that the request came by. */
export type LinkTo = (path: string) => string;

export interface Shape {
  readonly version: Version;
  /** The body of a checkout. */
  readonly checkoutBody: z.ZodType<CheckoutBody>;
  /** The body that creates an item, and that which sets its price. */
  readonly itemBody: z.ZodType<ItemBody>;
  readonly priceBody: z.ZodType<{ readonly priceCents: number }>;
  /** The answers as the document describes them. A test checks real answers by these. */
  readonly answers: {
    readonly user: z.ZodType;
    readonly placed: z.ZodType;
    readonly order: z.ZodType;
    readonly orders: z.ZodType;
    readonly line: z.ZodType;
    readonly history: z.ZodType;
    readonly item: z.ZodType;
    readonly items: z.ZodType;
  };
  /** The members of an order that `?fields=` may name. */
  readonly orderFields: readonly string[];
  user(user: User, ids: Ids, link: LinkTo): object;
  placed(order: Order, ids: Ids, link: LinkTo): object;
  /** `fields`: only these, and the order's id. */
  order(order: Order, ids: Ids, link: LinkTo, fields?: readonly string[]): object;
  orders(page: Page, ids: Ids, link: LinkTo, fields?: readonly string[]): object;
  /** One line of a list that is sent as it is read. */
  line(listed: Listed, link: LinkTo, fields?: readonly string[]): object;
  history(orderId: string, changes: readonly StatusChange[], ids: Ids): object;
  item(item: Item, ids: Ids, link: LinkTo): object;
  items(page: ItemPage, ids: Ids, link: LinkTo): object;
}

export interface Page {
  readonly orders: readonly Order[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

export const STATUSES = ["PENDING", "CONFIRMED", "SHIPPED", "DELIVERED", "REJECTED", "CANCELLED"] as const;

export const Status = z.enum(STATUSES).meta({
  id: "Status",
  description:
    "PENDING → CONFIRMED → SHIPPED → DELIVERED; PENDING → REJECTED; PENDING or CONFIRMED → CANCELLED",
});
export const Reason = z.string().meta({ description: "Why it was rejected; empty otherwise." });
export const Instant = z.iso.datetime();
/** The members of an item that all versions show alike. */
export const ITEM = {
  sku: z.string(),
  title: z.string(),
  stock: z
    .int()
    .nullable()
    .meta({ description: "How many can still be ordered; null: it is never out of stock." }),
  retired: z.boolean().meta({ description: "It is no longer sold." }),
  version: z.int().meta({ description: "Grows with every change but an order." }),
};
export const Cursor = z
  .string()
  .meta({ description: "Pass it on as `cursor`; it is not there on the last page." });

/** The ids as members of an answer. Both are there whenever telemetry is on. */
export const IDS = {
  correlationId: z.string().optional().meta({ description: "The same as in X-Correlation-ID." }),
  traceId: z.string().optional().meta({ description: "The trace to look the request up by." }),
};

/** `fields` of `whole`, and always the one named `id`; all of them without `fields`. */
export function pick(whole: object, id: string, fields: readonly string[] | undefined): object {
  if (fields === undefined) return whole;
  return Object.fromEntries(Object.entries(whole).filter(([name]) => name === id || fields.includes(name)));
}
