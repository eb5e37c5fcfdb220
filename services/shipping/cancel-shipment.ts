import type { Payload } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Received } from "../_kit/process/payload.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { ShipmentStore } from "./store.ts";

/** On OrderCancelled: a parcel that has not left is never sent, one that has is recalled. Once per event. */
export function makeCancelShipment(store: Pick<ShipmentStore, "cancel">, note: Note<Vocabulary>) {
  return async ({
    id: eventId,
    payload: { orderId, userId },
  }: Received<Payload<"OrderCancelled">>): Promise<void> => {
    const was = await store.cancel({ eventId, orderId, userId });
    if (was !== undefined) note(`shipment.${was}`, { orderId });
  };
}
