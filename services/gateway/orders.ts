/** The orders service, as the gateway sees it. */
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import {
  type OrderService,
  OrderStatus,
  type Order as Wire,
} from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { AppError } from "../_kit/errors.ts";

/** An order as the public API shows it. */
export interface Order {
  readonly orderId: string;
  readonly userId: string;
  readonly status: string;
  readonly reason: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  readonly totalCents: number;
  readonly createdAt: string;
}

export interface Orders {
  checkout(request: {
    idempotencyKey: string;
    userId: string;
    items: readonly { sku: string; quantity: number }[];
    paymentToken: string;
  }): Promise<Order>;
  /** Fails with `not_found`. */
  get(orderId: string): Promise<Order>;
}

export function ordersOver(client: Client<typeof OrderService>): Orders {
  return {
    checkout: async (request) =>
      fromWire((await client.checkout({ ...request, items: [...request.items] })).order),
    get: async (orderId) => fromWire((await client.getOrder({ orderId })).order),
  };
}

function fromWire(order: Wire | undefined): Order {
  if (order === undefined) throw new AppError("internal", "the answer holds no order");
  return {
    orderId: order.orderId,
    userId: order.userId,
    status: OrderStatus[order.status],
    reason: order.reason,
    items: order.items.map(({ sku, quantity }) => ({ sku, quantity })),
    totalCents: Number(order.totalCents),
    createdAt: (order.createdAt ? timestampDate(order.createdAt) : new Date(0)).toISOString(),
  };
}
