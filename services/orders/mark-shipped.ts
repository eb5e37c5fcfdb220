import { OrderShipped } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { OrderStore } from "./store.ts";

/** On OrderShipped: CONFIRMED -> SHIPPED, once per event. */
export function makeMarkShipped(orders: Pick<OrderStore, "ship">, note: Note<Vocabulary>) {
  return async (event: { id: string; payload: unknown }): Promise<void> => {
    const read = OrderShipped.safeParse(event.payload);
    if (!read.success) throw new AppError("invalid", "this is not an OrderShipped", { cause: read.error });
    const { orderId } = read.data;
    if (await orders.ship(orderId, event.id)) note("order.shipped", { orderId });
  };
}
