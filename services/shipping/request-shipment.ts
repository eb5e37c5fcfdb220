import type { Payload } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { JobQueue, JobsOf } from "../_kit/jobs/queue.ts";
import type { Received } from "../_kit/process/payload.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { SHIPMENT_JOBS } from "./handle-shipment.ts";
import type { Shipment, ShipmentStore } from "./store.ts";

export type ShipmentQueue = Pick<JobQueue<JobsOf<typeof SHIPMENT_JOBS>>, "addFlow">;

/**
 * On OrderConfirmed: adds pick, pack and ship as a flow of jobs. Their ids come from the event, so a repeated event
 * adds nothing. An order that was cancelled before its confirmation arrived gets no jobs.
 */
export function makeRequestShipment(
  queue: ShipmentQueue,
  store: Pick<ShipmentStore, "isCancelled">,
  note: Note<Vocabulary>,
) {
  return async ({
    id: eventId,
    payload: { orderId, userId },
  }: Received<Payload<"OrderConfirmed">>): Promise<void> => {
    if (await store.isCancelled(orderId)) return;
    const payload: Shipment = { eventId, orderId, userId };
    const step = (name: keyof typeof SHIPMENT_JOBS) => ({ name, id: `${name}-${eventId}`, payload });
    await queue.addFlow({ ...step("ship"), children: [{ ...step("pack"), children: [step("pick")] }] });
    note("shipment.requested", { orderId });
  };
}
