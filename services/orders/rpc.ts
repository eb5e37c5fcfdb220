/** Connects the orders contract with the use cases. */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { OrderService, OrderStatus as Wire } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { parsed } from "../_kit/process/payload.ts";
import type { Checkout } from "./checkout.ts";
import type { Order } from "./order.ts";
import type { ReadOrders } from "./read-orders.ts";
import { CheckoutCall, ListCall, OrderCall } from "./requests.ts";

export interface OrdersApi {
  readonly checkout: Checkout;
  readonly orders: ReadOrders;
  readonly deliver: (orderId: string) => Promise<Order>;
  readonly cancel: (orderId: string) => Promise<Order>;
}

export function ordersRoutes(api: OrdersApi) {
  const orderIdOf = (request: unknown): string => parsed("a call about an order", OrderCall, request).orderId;
  return (router: ConnectRouter): void => {
    router.service(OrderService, {
      checkout: async (request, { signal }) => {
        const call = parsed("a checkout", CheckoutCall, request);
        return { order: toWire(await api.checkout(call, signal)) };
      },
      getOrder: async (request) => ({ order: toWire(await api.orders.get(orderIdOf(request))) }),
      listOrders: async function* (request, { signal }) {
        const call = parsed("a call for a list of orders", ListCall, request);
        for await (const { order, cursor } of api.orders.list(call, signal)) {
          yield { order: toWire(order), cursor };
        }
      },
      getHistory: async (request) => {
        const entries = await api.orders.history(orderIdOf(request));
        return {
          entries: entries.map(({ position, status, reason, at }) => {
            return { position, status: Wire[status], reason, at: timestampFromDate(at) };
          }),
        };
      },
      deliverOrder: async (request) => ({ order: toWire(await api.deliver(orderIdOf(request))) }),
      cancelOrder: async (request) => ({ order: toWire(await api.cancel(orderIdOf(request))) }),
    });
  };
}

function toWire(order: Order) {
  return {
    orderId: order.orderId,
    userId: order.userId,
    status: Wire[order.status],
    reason: order.reason,
    items: order.items.map(({ sku, quantity }) => ({ sku, quantity })),
    totalCents: BigInt(order.totalCents),
    createdAt: timestampFromDate(order.createdAt),
    updatedAt: timestampFromDate(order.updatedAt),
  };
}
