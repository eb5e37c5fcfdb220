/** The first version: flat, the ids beside the rest, money in cents. */
import * as z from "zod";
import { PriceCents, PricelessBody } from "./catalog/items.ts";
import { CheckoutBody, Item } from "./checkout.ts";
import type { Order } from "./ports.ts";
import { Cursor, IDS, Instant, ITEM, pick, Reason, type Shape, Status } from "./shape.ts";

const Cents = z.int().meta({ description: "In cents of EUR." });
const OrderV1 = z.object({
  orderId: z.string(),
  userId: z.string(),
  status: Status,
  reason: Reason,
  items: z.array(Item),
  totalCents: Cents,
  createdAt: Instant,
  updatedAt: Instant,
});
/** With `?fields=` not all of it is there. */
const SomeOfOrderV1 = OrderV1.partial().required({ orderId: true });

const ItemV1 = z.object({ ...ITEM, priceCents: Cents });

const order = (whole: Order, fields?: readonly string[]) => pick(whole, "orderId", fields);

export const v1: Shape = {
  version: "v1",
  checkoutBody: CheckoutBody,
  itemBody: PricelessBody.extend({ priceCents: PriceCents }),
  priceBody: z.strictObject({ priceCents: PriceCents }),
  answers: {
    user: z
      .object({ userId: z.string(), name: z.string(), email: z.string(), createdAt: Instant, ...IDS })
      .meta({ id: "UserV1" }),
    placed: z.object({ orderId: z.string(), status: Status, ...IDS }).meta({ id: "PlacedV1" }),
    order: SomeOfOrderV1.extend(IDS).meta({ id: "OrderV1" }),
    orders: z
      .object({ orders: z.array(SomeOfOrderV1), nextCursor: Cursor.optional(), ...IDS })
      .meta({ id: "OrdersV1" }),
    line: SomeOfOrderV1.extend({ cursor: Cursor }).meta({ id: "OrderLineV1" }),
    history: z
      .object({
        orderId: z.string(),
        history: z.array(z.object({ position: z.int(), status: Status, reason: Reason, at: Instant })),
        ...IDS,
      })
      .meta({ id: "HistoryV1" }),
    item: ItemV1.extend(IDS).meta({ id: "ItemV1" }),
    items: z
      .object({ items: z.array(ItemV1), nextCursor: Cursor.optional(), ...IDS })
      .meta({ id: "ItemsV1" }),
  },
  orderFields: Object.keys(OrderV1.shape),
  user: (user, ids) => ({ ...user, ...ids }),
  placed: ({ orderId, status }, ids) => ({ orderId, status, ...ids }),
  order: (whole, ids, _link, fields) => ({ ...order(whole, fields), ...ids }),
  orders: (page, ids, _link, fields) => ({
    orders: page.orders.map((whole) => order(whole, fields)),
    nextCursor: page.nextCursor,
    ...ids,
  }),
  line: (listed, _link, fields) => ({ ...order(listed.order, fields), cursor: listed.cursor }),
  history: (orderId, changes, ids) => ({ orderId, history: changes, ...ids }),
  item: (item, ids) => ({ ...item, ...ids }),
  items: ({ items, nextCursor }, ids) => ({ items, nextCursor, ...ids }),
};
