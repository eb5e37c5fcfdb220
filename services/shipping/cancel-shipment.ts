import type { Payload } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Received } from "../_kit/process/payload.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { ShipmentStore } from "./store.ts";

/** On OrderCancelled: what has not left the house stays there; what has is called back. Once, however often it comes. */
export function makeCancelShipment(store: Pick<ShipmentStore, "cancel">, note: Note<Vocabulary>) {
  return async ({
    id: eventId,
    payload: { orderId, userId },
  }: Received<Payload<"OrderCancelled">>): Promise<void> => {
    const was = await store.cancel({ eventId, orderId, userId });
    if (was !== undefined) note(`shipment.${was}`, { orderId });
  };
}
