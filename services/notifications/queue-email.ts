import type { Payload } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { JobQueue, JobsOf } from "../_kit/jobs/queue.ts";
import type { Received } from "../_kit/process/payload.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { EMAIL_JOBS, EmailJobs } from "./letters.ts";

export type EmailQueue = Pick<JobQueue<JobsOf<typeof EMAIL_JOBS>>, "add">;

/** Handlers by event type: each adds a job that sends an e-mail. A repeated event adds nothing. */
export function emailRequests(queue: EmailQueue, note: Note<Vocabulary>) {
  const job = <K extends keyof EmailJobs>(name: K, payload: EmailJobs[K]) => ({
    name,
    id: `${name}-${payload.eventId}`,
    payload,
  });
  return {
    OrderConfirmed: async ({ id: eventId, payload }: Received<Payload<"OrderConfirmed">>): Promise<void> => {
      const { orderId, userId, totalCents } = payload;
      await queue.add(job("confirmation", { eventId, orderId, userId, totalCents }));
      note("email.queued", { orderId, kind: "confirmation" });
    },
    PaymentRefunded: async ({
      id: eventId,
      payload,
    }: Received<Payload<"PaymentRefunded">>): Promise<void> => {
      const { orderId, userId, amountCents } = payload;
      await queue.add(job("refund", { eventId, orderId, userId, amountCents }));
      note("email.queued", { orderId, kind: "refund" });
    },
    UserCreated: async ({ id: eventId, payload }: Received<Payload<"UserCreated">>): Promise<void> => {
      const { userId, name, email } = payload;
      await queue.add(job("welcome", { eventId, userId, name, email }));
      note("welcome.queued", { userId });
    },
  };
}
