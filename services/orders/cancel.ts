/** Cancels an order and undoes its checkout. */
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
 * PENDING or CONFIRMED -> CANCELLED. A repeated cancel gets the same answer. Fails with `not_found`, and with reason
 * `wrong_status` once the order is shipped or rejected.
 *
 * A cancel takes the saga from a checkout that is under way. Its calls in flight are refused when they arrive, because
 * the release and the refund came first. Its next step fails, because it no longer owns the saga.
 */
export function makeCancel({ orders, saga, note, newId }: CancelDeps) {
  return async (orderId: string): Promise<Order> => {
    const cancelled = await orders.cancel(orderId, newId());
    if (!cancelled.saga) return cancelled.order;
    note("order.cancelled", { orderId });
    try {
      await saga.resume(cancelled.saga);
    } catch (thrown) {
      // The order is cancelled, and that is the answer. A sweeper undoes the checkout later.
      note("order.unsettled", { orderId, reason: AppError.from(thrown).code });
      await orders.letGo(cancelled.saga).catch(() => {});
    }
    return cancelled.order;
  };
}
