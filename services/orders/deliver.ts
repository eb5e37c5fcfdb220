import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Order } from "./order.ts";
import type { OrderStore } from "./ports.ts";

/** SHIPPED -> DELIVERED. A repeated call gets the same answer. Fails with `not_found` or reason `wrong_status`. */
export function makeDeliver(orders: Pick<OrderStore, "deliver">, note: Note<Vocabulary>) {
  return async (orderId: string): Promise<Order> => {
    const { order, changed } = await orders.deliver(orderId);
    if (changed) note("order.delivered", { orderId });
    return order;
  };
}
