/** The kinds of e-mail: what each is made from, and what it says. */
import * as z from "zod";
import { AppError } from "../_kit/process/errors.ts";

const about = { eventId: z.string(), userId: z.string() };

/** The payload of each kind of job. */
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

/** The address of a user of whom only the id is known. */
const addressOf = (userId: string): string => address(`${userId}@example.test`);

/** One plain address. Characters with a meaning in a header (RFC 5322) could add receivers or begin another header. */
const ADDRESS = /^[^\s\p{C}@,;:<>()[\]"\\]+@[^\s\p{C}@,;:<>()[\]"\\]+$/u;

/** Fails with `invalid`. The message does not quote the address, because it goes into logs. */
function address(text: string): string {
  if (!ADDRESS.test(text)) throw new AppError("invalid", "this is not one e-mail address");
  return text;
}

/**
 * A name is untrusted text. A line break in it would add lines to the letter, and control characters of the writing
 * direction could disguise them.
 */
const oneLine = (name: string): string =>
  name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();
