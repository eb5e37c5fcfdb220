/** A checkout, from the request to its answer. A repeated request gets the same answer. */
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Item, Order } from "./order.ts";
import type { Hold, OrderStore, Placed } from "./ports.ts";
import type { CheckoutSaga, Inventory } from "./saga.ts";
import type { TakeStep } from "./saga-fault.ts";

export interface CheckoutRequest {
  readonly idempotencyKey: string;
  /** Of the request that the caller sent. The same key with another hash is another request. */
  readonly requestHash: string;
  readonly userId: string;
  readonly items: readonly Item[];
  readonly paymentToken: string;
}

export interface CheckoutDeps {
  readonly orders: Pick<OrderStore, "find" | "findByKey" | "place" | "letGo">;
  readonly inventory: Pick<Inventory, "quote">;
  readonly saga: Pick<CheckoutSaga, "run">;
  readonly takeStep: TakeStep;
  readonly note: Note<Vocabulary>;
  readonly newId: () => string;
}

/** `signal`: aborts when the caller no longer waits. */
export type Checkout = (request: CheckoutRequest, signal: AbortSignal) => Promise<Order>;

/**
 * Answers with the order: CONFIRMED, REJECTED, or CANCELLED if a cancel came in between. Fails with `invalid` before
 * anything is stored, and with `conflict` when the key came with another request or its first request is still under
 * way. Once the order is stored, every failure is `deadline_exceeded` with the order's id: the outcome is not known,
 * the order stays PENDING, and a sweeper brings it to its end.
 */
export function makeCheckout({ orders, inventory, saga, takeStep, note, newId }: CheckoutDeps): Checkout {
  return async (request, signal) => {
    const { idempotencyKey } = request;
    const before = await orders.findByKey(idempotencyKey);
    if (before) return again(before, request);

    const totalCents = await inventory.quote(request.items);
    const purchase = { ...request, totalCents, orderId: newId(), owner: newId() };
    if (!(await takeStep("place", () => orders.place(purchase)))) {
      const first = await orders.findByKey(idempotencyKey);
      if (!first) throw new Error("an order that was in the way is gone");
      return again(first, request);
    }
    note("order.placed", { orderId: purchase.orderId, totalCents });
    return saga.run(purchase).catch((thrown) => unsettled(purchase, thrown, signal));
  };

  /** After a failed saga: answers the order if another owner has brought it to its end; fails otherwise. */
  async function unsettled(hold: Hold, thrown: unknown, signal: AbortSignal): Promise<Order> {
    const { orderId } = hold;
    const now = await orders.find(orderId).catch(() => undefined);
    if (now && now.status !== "PENDING") return now;
    // While the caller waits, the lease runs on, so that calls under way can arrive; if it has gone, the saga is due at
    // once. If this cannot be stored, the lease runs out by itself.
    await orders.letGo(hold, signal.aborted ? 0 : undefined).catch(() => {});
    note("order.unsettled", { orderId, reason: AppError.from(thrown).code });
    throw unknownOutcome(orderId, thrown);
  }
}

/** The answer to a repeated request. */
function again({ order, requestHash, underWay }: Placed, request: CheckoutRequest): Order {
  if (requestHash !== request.requestHash) {
    throw new AppError("invalid", "this idempotency key came with another request before", {
      reason: "idempotency_key_reused",
    });
  }
  if (order.status !== "PENDING") return order;
  if (!underWay) throw unknownOutcome(order.orderId);
  throw new AppError("conflict", "this checkout is under way already; ask again in a moment", {
    reason: "in_progress",
    extra: { orderId: order.orderId },
  });
}

const unknownOutcome = (orderId: string, cause?: unknown) =>
  new AppError("deadline_exceeded", "the outcome is not known yet; the order stays PENDING", {
    cause,
    reason: "outcome_unknown",
    extra: { orderId },
  });
