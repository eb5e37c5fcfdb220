import { OrderConfirmed } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/errors.ts";
import type { JobQueue } from "../_kit/queue.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Shipment } from "./store.ts";

/** On OrderConfirmed: pick, then pack, then ship, as a flow of jobs. Twice for one event is once: the ids say so. */
export function makeRequestShipment(queue: Pick<JobQueue, "addFlow">, note: Note<Vocabulary>) {
  return async (event: { id: string; payload: unknown }): Promise<void> => {
    const read = OrderConfirmed.safeParse(event.payload);
    if (!read.success) throw new AppError("invalid", "this is not an OrderConfirmed", { cause: read.error });
    const { orderId, userId } = read.data;
    const payload: Shipment = { eventId: event.id, orderId, userId };
    const step = (name: string) => ({ name, id: `${name}-${event.id}`, payload });
    await queue.addFlow({ ...step("ship"), children: [{ ...step("pack"), children: [step("pick")] }] });
    note("shipment.requested", { orderId });
  };
}
