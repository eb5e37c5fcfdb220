/** Calls an order off, and undoes what its checkout did. */
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Order } from "./order.ts";
import type { OrderStore } from "./ports.ts";
import type { CheckoutSaga } from "./saga.ts";

export interface CancelDeps {
  readonly orders: Pick<OrderStore, "cancel" | "letGo">;
  readonly saga: Pick<CheckoutSaga, "resume">;
  readonly note: Note<Vocabulary>;
  readonly newId: () => string;
}

/**
 * PENDING or CONFIRMED -> CANCELLED; again gives the same answer. Fails with `not_found`, and with reason
 * `wrong_status` once it is shipped, or was rejected.
 *
 * A checkout that is under way loses its saga to the cancel. What it has in flight is refused when it arrives, because
 * the release and the refund came first; its next step finds that it holds nothing any more.
 */
export function makeCancel({ orders, saga, note, newId }: CancelDeps) {
  return async (orderId: string): Promise<Order> => {
    const cancelled = await orders.cancel(orderId, newId());
    if (!cancelled.saga) return cancelled.order;
    note("order.cancelled", { orderId });
    try {
      await saga.resume(cancelled.saga);
    } catch (thrown) {
      // The order is off, and that is the answer. A sweeper undoes the rest when that can be done.
      note("order.unsettled", { orderId, reason: AppError.from(thrown).code });
      await orders.letGo(cancelled.saga).catch(() => {});
    }
    return cancelled.order;
  };
}
