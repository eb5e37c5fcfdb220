/** The orders contract on one side, the use cases on the other. */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { OrderService, OrderStatus as Wire } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { AppError } from "../_kit/errors.ts";
import type { Checkout } from "./checkout.ts";
import type { Order } from "./order.ts";

export interface OrdersApi {
  readonly checkout: Checkout;
  /** Fails with `not_found`. */
  readonly getOrder: (orderId: string) => Promise<Order>;
}

export function ordersRoutes(api: OrdersApi) {
  return (router: ConnectRouter): void => {
    router.service(OrderService, {
      checkout: async (request) => {
        if (request.items.length === 0) throw new AppError("invalid", "a checkout needs at least one item");
        const items = request.items.map(({ sku, quantity }) => ({ sku, quantity }));
        if (items.some((item) => item.quantity < 1))
          throw new AppError("invalid", "a quantity must be at least 1");
        const { idempotencyKey, userId, paymentToken } = request;
        return { order: toWire(await api.checkout({ idempotencyKey, userId, paymentToken, items })) };
      },
      getOrder: async ({ orderId }) => ({ order: toWire(await api.getOrder(orderId)) }),
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
  };
}
