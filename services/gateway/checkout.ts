/** `POST /api/v1/checkouts`: what a client sends, and how an order's state becomes an answer. */
import * as z from "zod";
import { AppError } from "../_kit/errors.ts";
import type { Orders } from "./orders.ts";

const word = (max: number) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9._-]{1,${max}}$`), `letters, digits and . _ - only, 1 to ${max}`);

export const CheckoutBody = z.strictObject({
  userId: word(64),
  items: z
    .array(z.strictObject({ sku: word(64), quantity: z.int().min(1).max(1_000) }))
    .min(1)
    .max(50),
  payment: z.strictObject({ token: word(128) }),
});
export type CheckoutBody = z.output<typeof CheckoutBody>;

const REJECTED = {
  card_declined: { code: "payment_required", message: "the card was declined" },
  out_of_stock: { code: "conflict", message: "something in this order is out of stock" },
} as const;

/** Answers a CONFIRMED order's id and status. A rejected one is an error: 402 for a declined card, 409 out of stock. */
export function makePlaceCheckout(orders: Orders, newKey: () => string) {
  return async (body: CheckoutBody): Promise<{ orderId: string; status: string }> => {
    const order = await orders.checkout({
      idempotencyKey: newKey(),
      userId: body.userId,
      items: body.items,
      paymentToken: body.payment.token,
    });
    if (order.status !== "REJECTED") return { orderId: order.orderId, status: order.status };
    const reason =
      order.reason === "card_declined" || order.reason === "out_of_stock" ? order.reason : undefined;
    const { code, message } = reason
      ? REJECTED[reason]
      : { code: "conflict" as const, message: "the order was rejected" };
    throw new AppError(code, message, {
      reason,
      extra: { orderId: order.orderId, orderStatus: order.status },
    });
  };
}
