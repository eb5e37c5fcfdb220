/** Orders, accounts and the catalogue over their contracts. */
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import type { AccountService, User as WireUser } from "../_contracts/gen/baton/accounts/v1/accounts_pb.js";
import type { CatalogService, Item as WireItem } from "../_contracts/gen/baton/inventory/v1/catalog_pb.js";
import {
  type OrderService,
  OrderStatus,
  type HistoryEntry as WireEntry,
  type Order as WireOrder,
} from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { AppError } from "../_kit/process/errors.ts";
import type { Accounts, Catalog, Item, Order, Orders, StatusChange, User } from "./ports.ts";

/** A client may take long to read a long list; it must not take for ever. */
const LIST_TIMEOUT_MS = 60_000;

export function ordersOver(client: Client<typeof OrderService>): Orders {
  return {
    checkout: async (request) =>
      order((await client.checkout({ ...request, items: [...request.items] })).order),
    get: async (orderId, signal) => order((await client.getOrder({ orderId }, { signal })).order),
    history: async (orderId, signal) =>
      (await client.getHistory({ orderId }, { signal })).entries.map(statusChange),
    list: async function* (request, signal) {
      const answers = client.listOrders(request, { signal, timeoutMs: LIST_TIMEOUT_MS });
      for await (const answer of answers) yield { order: order(answer.order), cursor: answer.cursor };
    },
    deliver: async (orderId) => order((await client.deliverOrder({ orderId })).order),
    cancel: async (orderId) => order((await client.cancelOrder({ orderId })).order),
  };
}

export function accountsOver(client: Client<typeof AccountService>): Accounts {
  return {
    create: async (request) => user((await client.createUser(request)).user),
    get: async (userId, signal) => user((await client.getUser({ userId }, { signal })).user),
  };
}

export function catalogOver(client: Client<typeof CatalogService>): Catalog {
  return {
    create: async ({ priceCents, stock, ...request }) => {
      const some = { ...request, priceCents: BigInt(priceCents) };
      return item((await client.createItem(stock === null ? some : { ...some, stock: BigInt(stock) })).item);
    },
    get: async (sku, signal) => item((await client.getItem({ sku }, { signal })).item),
    list: async (request, signal) => {
      const { items, nextCursor } = await client.listItems(request, { signal });
      return { items: items.map(item), nextCursor: nextCursor || undefined };
    },
    setPrice: async (sku, priceCents) =>
      item((await client.setPrice({ sku, priceCents: BigInt(priceCents) })).item),
    restock: async (request) => item((await client.restockItem(request)).item),
    retire: async (sku) => item((await client.retireItem({ sku })).item),
  };
}

const iso = (at: Timestamp | undefined): string => (at ? timestampDate(at) : new Date(0)).toISOString();

function order(wire: WireOrder | undefined): Order {
  if (wire === undefined) throw new AppError("internal", "the answer holds no order");
  return {
    orderId: wire.orderId,
    userId: wire.userId,
    status: OrderStatus[wire.status],
    reason: wire.reason,
    items: wire.items.map(({ sku, quantity }) => ({ sku, quantity })),
    totalCents: Number(wire.totalCents),
    createdAt: iso(wire.createdAt),
    updatedAt: iso(wire.updatedAt ?? wire.createdAt),
  };
}

const statusChange = ({ position, status, reason, at }: WireEntry): StatusChange => ({
  position,
  status: OrderStatus[status],
  reason,
  at: iso(at),
});

function user(wire: WireUser | undefined): User {
  if (wire === undefined) throw new AppError("internal", "the answer holds no user");
  const { userId, name, email, createdAt } = wire;
  return { userId, name, email, createdAt: iso(createdAt) };
}

function item(wire: WireItem | undefined): Item {
  if (wire === undefined) throw new AppError("internal", "the answer holds no item");
  const { sku, title, priceCents, stock, retired, version } = wire;
  return {
    ...{ sku, title, retired, version },
    priceCents: Number(priceCents),
    stock: stock === undefined ? null : Number(stock),
  };
}
