/**
 * The second version. `data` has what was asked for and `meta` what is about the answer, so that their names never
 * clash. Money has its currency and is a decimal in text, so that no reader takes it for a float. Links spare a client
 * from knowing how addresses are made.
 */
import * as z from "zod";
import { PricelessBody } from "./catalog/items.ts";
import { CheckoutBody, Item } from "./checkout.ts";
import type { Item as CatalogItem, Order } from "./ports.ts";
import { Cursor, IDS, Instant, ITEM, type LinkTo, pick, Reason, type Shape, Status } from "./shape.ts";

/** The shop has only this one. */
const CURRENCY = "EUR";

const CheckoutBodyV2 = z
  .strictObject({
    userId: CheckoutBody.shape.userId,
    lines: CheckoutBody.shape.items,
    payment: CheckoutBody.shape.payment,
  })
  .transform(({ lines, ...rest }) => ({ ...rest, items: lines }));

/** A price as a client writes it. Seven digits before the point are as much as an item may cost. */
const MoneyBody = z.strictObject({
  amount: z.string().regex(/^(0|[1-9][0-9]{0,6})\.[0-9]{2}$/, "such as 24.99, at most 9999999.99"),
  currency: z.literal(CURRENCY),
});
/** `12.34` becomes 1234, by its digits, so that nothing is rounded. */
const centsIn = ({ amount }: z.output<typeof MoneyBody>): number => Number(amount.replace(".", ""));
const ItemBodyV2 = PricelessBody.extend({ price: MoneyBody }).transform(({ price, ...rest }) => ({
  ...rest,
  priceCents: centsIn(price),
}));
const PriceBodyV2 = MoneyBody.transform((price) => ({ priceCents: centsIn(price) }));

const Link = z.string().meta({ description: "An address below this one's host." });
const Money = z.object({ amount: z.string().regex(/^\d+\.\d\d$/), currency: z.literal(CURRENCY) });
const OrderV2 = z.object({
  id: z.string(),
  userId: z.string(),
  status: Status,
  reason: Reason,
  lines: z.array(Item),
  total: Money,
  createdAt: Instant,
  updatedAt: Instant,
  links: z.object({ self: Link, history: Link, events: Link }),
});
/** With `?fields=` not all of it is there. */
const SomeOfOrderV2 = OrderV2.partial().required({ id: true });
const ItemV2 = z.object({ ...ITEM, price: Money, links: z.object({ self: Link }) });
const Meta = z.object(IDS);
const within = (data: z.ZodType) => z.object({ data, meta: Meta });

/** `1234` becomes `12.34`, by whole numbers only, so that nothing is rounded. */
const decimal = (cents: number): string =>
  `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;

const money = (cents: number) => ({ amount: decimal(cents), currency: CURRENCY });

function linksOf(orderId: string, link: LinkTo) {
  const self = link(`/orders/${encodeURIComponent(orderId)}`);
  return { self, history: `${self}/history`, events: `${self}/events` };
}

function order(whole: Order, link: LinkTo, fields?: readonly string[]): object {
  const { orderId, items, totalCents, ...rest } = whole;
  const total = money(totalCents);
  return pick({ id: orderId, ...rest, lines: items, total, links: linksOf(orderId, link) }, "id", fields);
}

function item({ priceCents, ...rest }: CatalogItem, link: LinkTo): object {
  const links = { self: link(`/items/${encodeURIComponent(rest.sku)}`) };
  return { ...rest, price: money(priceCents), links };
}

export const v2: Shape = {
  version: "v2",
  checkoutBody: CheckoutBodyV2,
  itemBody: ItemBodyV2,
  priceBody: PriceBodyV2,
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
    item: within(ItemV2).meta({ id: "ItemV2" }),
    items: z
      .object({ data: z.array(ItemV2), meta: Meta.extend({ nextCursor: Cursor.optional() }) })
      .meta({ id: "ItemsV2" }),
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
  item: (one, meta, link) => ({ data: item(one, link), meta }),
  items: ({ items, nextCursor }, ids, link) => ({
    data: items.map((one) => item(one, link)),
    meta: { ...ids, nextCursor },
  }),
};
