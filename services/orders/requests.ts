/** What a call may contain. The gateway checks the same, but other clients can reach this port too. */
import * as z from "zod";

/** The same characters as at the gateway: without the `:` of the keys that services make. */
const idText = (max: number) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9._-]{1,${max}}$`), `letters, digits and . _ - only, 1 to ${max}`);
const userId = idText(64);
const orderId = idText(128);

export const CheckoutCall = z.object({
  idempotencyKey: z.string().regex(/^[\x21-\x7e]{1,512}$/, "visible ASCII only, 1 to 512 characters"),
  requestHash: z.string().regex(/^[\x21-\x7e]{0,128}$/, "visible ASCII only, at most 128 characters"),
  userId,
  items: z
    .array(z.object({ sku: idText(64), quantity: z.int().min(1).max(1_000) }))
    .min(1)
    .max(50),
  paymentToken: idText(128),
});

/** Every call about one order. */
export const OrderCall = z.object({ orderId });

export const ListCall = z.object({ userId, cursor: z.string().max(512), limit: z.int().min(0) });
