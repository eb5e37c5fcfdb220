/** What each kind of e-mail is made from, and what it says. */
import * as z from "zod";
import { AppError } from "../_kit/process/errors.ts";

const about = { eventId: z.string(), userId: z.string() };

/** What each kind of job carries. */
export const EMAIL_JOBS = {
  confirmation: z.object({ ...about, orderId: z.string(), totalCents: z.number() }),
  refund: z.object({ ...about, orderId: z.string(), amountCents: z.number() }),
  welcome: z.object({ ...about, name: z.string(), email: z.string() }),
};
export type EmailJobs = { readonly [K in keyof typeof EMAIL_JOBS]: z.output<(typeof EMAIL_JOBS)[K]> };

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export const confirmation = ({ orderId, userId, totalCents }: EmailJobs["confirmation"]): Letter => ({
  to: addressOf(userId),
  subject: `Your order ${orderId}`,
  text: `Thank you. We got your order ${orderId} over ${money(totalCents)} and will ship it soon.\n`,
});

export const refund = ({ orderId, userId, amountCents }: EmailJobs["refund"]): Letter => ({
  to: addressOf(userId),
  subject: `Your refund for order ${orderId}`,
  text: `We have given back the ${money(amountCents)} that you paid for your order ${orderId}.\n`,
});

export const welcome = ({ name, email }: EmailJobs["welcome"]): Letter => ({
  to: address(email),
  subject: "Welcome",
  text: `Hello ${oneLine(name)},\n\nthank you for signing up.\n`,
});

const money = (cents: number): string => (cents / 100).toFixed(2);

/** Where a customer's mail goes as long as only their id is known. */
const addressOf = (userId: string): string => address(`${userId}@example.test`);

/** One plain address. What means something in a header (RFC 5322) could name more receivers, or begin another header. */
const ADDRESS = /^[^\s\p{C}@,;:<>()[\]"\\]+@[^\s\p{C}@,;:<>()[\]"\\]+$/u;

/** Fails with `invalid`, and does not quote the address: this goes into logs. */
function address(text: string): string {
  if (!ADDRESS.test(text)) throw new AppError("invalid", "this is not one e-mail address");
  return text;
}

/**
 * Somebody's name cannot be trusted to be one: breaks would let it write further lines of the letter, controls of the
 * writing direction disguise what they say.
 */
const oneLine = (name: string): string =>
  name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();
