/**
 * The commands: one sender, one receiver, and a queue between them that keeps the command while its receiver is down.
 * A job's name says what is to be done; its id makes sending it twice the same as once.
 */
import * as z from "zod";

/** The queue that payments works off. */
export const PAYMENT_COMMANDS = "payment-commands";

const id = z.string().min(1).max(160);

/**
 * Job `refund`, id `refund-<orderId>`: give back what a charge took; and when the charge never happened, see to it that
 * it never will. From orders; for payments.
 */
export const Refund = z.object({
  /** The charge's idempotency key. */
  chargeKey: id,
  orderId: id,
  userId: id,
});
export type Refund = z.output<typeof Refund>;
