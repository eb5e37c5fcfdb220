import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Mailer } from "../_kit/mail/mail.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Received } from "../_kit/process/payload.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { confirmation, type EmailJobs, type Letter, refund, welcome } from "./letters.ts";
import type { EmailStore } from "./store.ts";

export interface SendDeps {
  readonly mailer: Mailer;
  readonly emails: EmailStore;
  readonly fault: FaultAt;
  readonly note: Note<Vocabulary>;
}

/** What is recorded of an e-mail. */
interface About {
  readonly eventId: string;
  readonly userId: string;
  readonly orderId?: string;
}

/**
 * Handlers by job name. E-mails are sent at least once, to a mailer that takes each message id once, so a crash between
 * sending and recording sends nothing twice.
 */
export function emailJobs({ mailer, emails, fault, note }: SendDeps) {
  /** True when this e-mail is on record for the first time. */
  const send = async (
    kind: string,
    letter: Letter,
    { eventId, userId, orderId }: About,
  ): Promise<boolean> => {
    if (fault("notifications.send")?.kind === "failed") {
      throw new AppError("unavailable", "the mail server does not answer");
    }
    await mailer.send({ id: `${kind}-${eventId}`, ...letter });
    return emails.record({ emailId: eventId, kind, userId, orderId });
  };
  return {
    confirmation: async ({ payload }: Received<EmailJobs["confirmation"]>): Promise<void> => {
      const fresh = await send("confirmation", confirmation(payload), payload);
      if (fresh) note("email.sent", { orderId: payload.orderId, kind: "confirmation" });
    },
    refund: async ({ payload }: Received<EmailJobs["refund"]>): Promise<void> => {
      const fresh = await send("refund", refund(payload), payload);
      if (fresh) note("email.sent", { orderId: payload.orderId, kind: "refund" });
    },
    welcome: async ({ payload }: Received<EmailJobs["welcome"]>): Promise<void> => {
      if (await send("welcome", welcome(payload), payload)) note("welcome.sent", { userId: payload.userId });
    },
  };
}
