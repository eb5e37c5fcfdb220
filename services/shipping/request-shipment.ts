import type { Payload } from "../_contracts/events.ts";
import { faultMs, type Vocabulary } from "../_contracts/vocabulary.ts";
import type { JobQueue, JobsOf } from "../_kit/jobs/queue.ts";
import type { Received } from "../_kit/process/payload.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { SHIPMENT_JOBS } from "./handle-shipment.ts";
import type { Shipment, ShipmentStore } from "./store.ts";

export type ShipmentQueue = Pick<JobQueue<JobsOf<typeof SHIPMENT_JOBS>>, "addFlow">;

export interface RequestShipmentDeps {
  readonly queue: ShipmentQueue;
  readonly store: Pick<ShipmentStore, "isCancelled">;
  readonly fault: FaultAt;
  readonly note: Note<Vocabulary>;
}

/**
 * On OrderConfirmed: adds pick, pack and ship as a flow of jobs. Their ids come from the event, so a repeated event
 * adds nothing. An order that was cancelled before its confirmation arrived gets no jobs.
 */
export function makeRequestShipment({ queue, store, fault, note }: RequestShipmentDeps) {
  return async ({
    id: eventId,
    payload: { orderId, userId },
  }: Received<Payload<"OrderConfirmed">>): Promise<void> => {
    if (await store.isCancelled(orderId)) return;
    const payload: Shipment = { eventId, orderId, userId };
    const step = (name: keyof typeof SHIPMENT_JOBS) => ({ name, id: `${name}-${eventId}`, payload });
    const bite = fault("shipping.pick");
    const delayMs = bite?.kind === "delayed" ? faultMs(bite.arg) : 0;
    const pick = { ...step("pick"), ...(delayMs > 0 && { delayMs }) };
    await queue.addFlow({ ...step("ship"), children: [{ ...step("pack"), children: [pick] }] });
    note("shipment.requested", { orderId });
  };
}
