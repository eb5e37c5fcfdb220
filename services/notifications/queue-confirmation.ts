import { OrderConfirmed } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/errors.ts";
import type { JobQueue } from "../_kit/queue.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { ConfirmationJob } from "./send-confirmation.ts";

/** On OrderConfirmed: a job that sends the e-mail. Twice for one event is one job. */
export function makeQueueConfirmation(queue: Pick<JobQueue, "add">, note: Note<Vocabulary>) {
  return async (event: { id: string; payload: unknown }): Promise<void> => {
    const read = OrderConfirmed.safeParse(event.payload);
    if (!read.success) throw new AppError("invalid", "this is not an OrderConfirmed", { cause: read.error });
    const { orderId, userId, totalCents } = read.data;
    const payload: ConfirmationJob = { eventId: event.id, orderId, userId, totalCents };
    await queue.add({ name: "confirmation", id: `confirmation-${event.id}`, payload });
    note("email.queued", { orderId });
  };
}
