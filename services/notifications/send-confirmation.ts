import * as z from "zod";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/errors.ts";
import type { Mailer } from "../_kit/mail.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { EmailStore } from "./store.ts";

const ConfirmationJob = z.object({
  eventId: z.string(),
  orderId: z.string(),
  userId: z.string(),
  totalCents: z.number(),
});
export type ConfirmationJob = z.output<typeof ConfirmationJob>;

/**
 * The job that sends the confirmation. At least once, to a target that takes each message id once: a crash between
 * sending and recording sends nothing twice.
 */
export function makeSendConfirmation(mailer: Mailer, emails: EmailStore, note: Note<Vocabulary>) {
  return async ({ payload }: { payload: unknown }): Promise<void> => {
    const read = ConfirmationJob.safeParse(payload);
    if (!read.success) throw new AppError("invalid", "this is not a confirmation", { cause: read.error });
    const { eventId, orderId, userId, totalCents } = read.data;
    await mailer.send({
      id: `confirmation-${eventId}`,
      to: `${userId}@example.test`,
      subject: `Your order ${orderId}`,
      text: `Thank you. We got your order ${orderId} over ${(totalCents / 100).toFixed(2)} and will ship it soon.\n`,
    });
    if (await emails.record({ emailId: eventId, kind: "confirmation", orderId })) {
      note("email.sent", { orderId, kind: "confirmation" });
    }
  };
}
