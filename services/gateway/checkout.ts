/** `POST /checkouts`: what a client asks for, and how an order's state becomes an answer. */
import * as z from "zod";
import { AppError } from "../_kit/process/errors.ts";
import type { Idempotency, Order, Orders } from "./ports.ts";
import { idText } from "./text.ts";

export const Item = z.strictObject({ sku: idText(64), quantity: z.int().min(1).max(1_000) });

export const CheckoutBody = z.strictObject({
  userId: idText(64),
  items: z.array(Item).min(1).max(50),
  payment: z.strictObject({ token: idText(128) }),
});
export type CheckoutBody = z.output<typeof CheckoutBody>;

const REFUSED = {
  card_declined: { code: "payment_required", message: "the card was declined" },
  out_of_stock: { code: "conflict", message: "something in this order is out of stock" },
  retired: { code: "conflict", message: "something in this order is no longer sold" },
  interrupted: {
    code: "conflict",
    message: "the checkout was interrupted and taken back; nothing was charged",
  },
  cancelled: { code: "conflict", message: "the order was cancelled before it was confirmed" },
} as const;

const isReason = (reason: string): reason is keyof typeof REFUSED => Object.hasOwn(REFUSED, reason);

/**
 * Answers a CONFIRMED order. Every other outcome is an error: 402 for a declined card; 409 when something is out of
 * stock or the checkout was interrupted or cancelled; 504 when the outcome is not known yet.
 */
export function makePlaceCheckout(orders: Pick<Orders, "checkout">) {
  return async (body: CheckoutBody, idempotency: Idempotency): Promise<Order> => {
    const { userId, items, payment } = body;
    const order = await orders.checkout({ ...idempotency, userId, items, paymentToken: payment.token });
    const extra = { orderId: order.orderId, orderStatus: order.status };
    if (order.status === "PENDING") {
      throw new AppError("deadline_exceeded", "the outcome is not known yet; the order stays PENDING", {
        reason: "outcome_unknown",
        extra,
      });
    }
    const why = order.status === "CANCELLED" ? "cancelled" : order.reason;
    if (order.status !== "REJECTED" && order.status !== "CANCELLED") return order;
    const reason = isReason(why) ? why : undefined;
    const { code, message } = reason
      ? REFUSED[reason]
      : { code: "conflict" as const, message: "the order was rejected" };
    throw new AppError(code, message, { reason, extra });
  };
}
