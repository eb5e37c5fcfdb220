/**
 * The second version. `data` has what was asked for and `meta` what is about the answer, so that their names never
 * clash. Money has its currency and is a decimal in text, so that no reader takes it for a float. Links spare a client
 * from knowing how addresses are made.
 */
import * as z from "zod";
import { CheckoutBody, Item } from "./checkout.ts";
import type { Order } from "./ports.ts";
import { Cursor, IDS, Instant, type LinkTo, pick, Reason, type Shape, Status } from "./shape.ts";

/** The shop has only this one. */
const CURRENCY = "EUR";

const CheckoutBodyV2 = z
  .strictObject({
    userId: CheckoutBody.shape.userId,
    lines: CheckoutBody.shape.items,
    payment: CheckoutBody.shape.payment,
  })
  .transform(({ lines, ...rest }) => ({ ...rest, items: lines }));

const Link = z.string().meta({ description: "An address below this one's host." });
const OrderV2 = z.object({
  id: z.string(),
  userId: z.string(),
  status: Status,
  reason: Reason,
  lines: z.array(Item),
  total: z.object({ amount: z.string().regex(/^\d+\.\d\d$/), currency: z.literal(CURRENCY) }),
  createdAt: Instant,
  updatedAt: Instant,
  links: z.object({ self: Link, history: Link, events: Link }),
});
/** With `?fields=` not all of it is there. */
const SomeOfOrderV2 = OrderV2.partial().required({ id: true });
const Meta = z.object(IDS);
const within = (data: z.ZodType) => z.object({ data, meta: Meta });

/** `1234` becomes `12.34`, by whole numbers only, so that nothing is rounded. */
const decimal = (cents: number): string =>
  `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;

function linksOf(orderId: string, link: LinkTo) {
  const self = link(`/orders/${encodeURIComponent(orderId)}`);
  return { self, history: `${self}/history`, events: `${self}/events` };
}

function order(whole: Order, link: LinkTo, fields?: readonly string[]): object {
  const { orderId, items, totalCents, ...rest } = whole;
  const total = { amount: decimal(totalCents), currency: CURRENCY };
  return pick({ id: orderId, ...rest, lines: items, total, links: linksOf(orderId, link) }, "id", fields);
}

export const v2: Shape = {
  version: "v2",
  checkoutBody: CheckoutBodyV2,
  answers: {
    user: within(
      z.object({
        id: z.string(),
        name: z.string(),
        email: z.string(),
        createdAt: Instant,
        links: z.object({ self: Link, orders: Link }),
      }),
    ).meta({ id: "UserV2" }),
    placed: within(OrderV2.pick({ id: true, status: true, links: true })).meta({ id: "PlacedV2" }),
    order: within(SomeOfOrderV2).meta({ id: "OrderV2" }),
    orders: z
      .object({ data: z.array(SomeOfOrderV2), meta: Meta.extend({ nextCursor: Cursor.optional() }) })
      .meta({ id: "OrdersV2" }),
    line: SomeOfOrderV2.extend({ cursor: Cursor }).meta({ id: "OrderLineV2" }),
    history: within(
      z.array(z.object({ position: z.int(), status: Status, reason: Reason, at: Instant })),
    ).meta({ id: "HistoryV2" }),
  },
  orderFields: Object.keys(OrderV2.shape),
  user: ({ userId, ...rest }, meta, link) => {
    const id = encodeURIComponent(userId);
    const links = { self: link(`/users/${id}`), orders: link(`/orders?userId=${id}`) };
    return { data: { id: userId, ...rest, links }, meta };
  },
  placed: ({ orderId, status }, meta, link) => ({
    data: { id: orderId, status, links: linksOf(orderId, link) },
    meta,
  }),
  order: (whole, meta, link, fields) => ({ data: order(whole, link, fields), meta }),
  orders: (page, ids, link, fields) => ({
    data: page.orders.map((whole) => order(whole, link, fields)),
    meta: { ...ids, nextCursor: page.nextCursor },
  }),
  line: (listed, link, fields) => ({ ...order(listed.order, link, fields), cursor: listed.cursor }),
  history: (_orderId, changes, meta) => ({ data: changes, meta }),
};
