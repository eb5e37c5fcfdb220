import type { Payload } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Received } from "../_kit/process/payload.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { OrderStore } from "./ports.ts";

/** On ParcelShipped: CONFIRMED -> SHIPPED, once per event. A CANCELLED order stays so: shipping recalls its parcel. */
export function makeMarkShipped(orders: Pick<OrderStore, "ship">, note: Note<Vocabulary>) {
  return async ({ id, payload: { orderId, at } }: Received<Payload<"ParcelShipped">>): Promise<void> => {
    if ((await orders.ship(orderId, id, new Date(at))) === "shipped") note("order.shipped", { orderId });
  };
}
