/**
 * The checkout, orchestrated: quote, reserve, charge, confirm; when the card is declined, compensate. Each step
 * is stored before it is taken, under a key that makes its repetition harmless.
 */
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Item, Order, RejectionReason } from "./order.ts";
import type { OrderStore } from "./store.ts";

export interface CheckoutRequest {
  readonly idempotencyKey: string;
  readonly userId: string;
  readonly items: readonly Item[];
  readonly paymentToken: string;
}

/** Stock, by its own service. */
export interface Inventory {
  /** In cents. Fails with `invalid`, reason `unknown_sku`. */
  quote(items: readonly Item[]): Promise<number>;
  /** Fails with reason `out_of_stock`. Twice for one order is once. */
  reserve(orderId: string, items: readonly Item[]): Promise<void>;
  release(orderId: string): Promise<void>;
}

/** Money, by its own service. */
export interface Payments {
  /** Fails with reason `card_declined`. Twice with one key is once. */
  charge(charge: {
    key: string;
    orderId: string;
    userId: string;
    amountCents: number;
    token: string;
  }): Promise<void>;
  /** What became of a charge whose answer got lost. */
  outcome(key: string): Promise<"charged" | "declined" | "unknown">;
}

export interface CheckoutDeps {
  readonly orders: OrderStore;
  readonly inventory: Inventory;
  readonly payments: Payments;
  readonly note: Note<Vocabulary>;
  readonly newId: () => string;
}

export type Checkout = (request: CheckoutRequest) => Promise<Order>;

/**
 * Answers with the order, CONFIRMED or REJECTED. Fails with `invalid` before anything is stored. Once it is stored,
 * whatever fails is `deadline_exceeded` with the order's id: the outcome is not known, the order stays PENDING.
 */
export function makeCheckout({ orders, inventory, payments, note, newId }: CheckoutDeps): Checkout {
  return async (request) => {
    const before = await orders.findByKey(request.idempotencyKey);
    if (before) return before;

    const totalCents = await inventory.quote(request.items);
    const orderId = newId();
    if (!(await orders.place({ ...request, orderId, totalCents }))) {
      throw new AppError("conflict", "this checkout is under way already");
    }
    note("order.placed", { orderId, totalCents });

    try {
      return await run(orderId, totalCents, request);
    } catch (thrown) {
      note("order.unsettled", { orderId, reason: AppError.from(thrown).code });
      throw new AppError("deadline_exceeded", "the outcome is not known yet; the order stays PENDING", {
        cause: thrown,
        reason: "outcome_unknown",
        extra: { orderId },
      });
    }
  };

  async function run(orderId: string, totalCents: number, request: CheckoutRequest): Promise<Order> {
    try {
      await inventory.reserve(orderId, request.items);
    } catch (thrown) {
      if (!rejects(thrown, "out_of_stock")) throw thrown;
      return reject(orderId, "out_of_stock");
    }

    await orders.begin(orderId, "charge");
    if ((await charge(orderId, totalCents, request)) === "declined") {
      await orders.begin(orderId, "compensate");
      await inventory.release(orderId);
      return reject(orderId, "card_declined");
    }

    const order = await orders.confirm(orderId);
    note("order.confirmed", { orderId });
    return order;
  }

  async function reject(orderId: string, reason: RejectionReason): Promise<Order> {
    const order = await orders.reject(orderId, reason);
    note("order.rejected", { orderId, reason });
    return order;
  }

  async function charge(orderId: string, amountCents: number, request: CheckoutRequest) {
    const key = `${orderId}:charge`;
    try {
      await payments.charge({
        key,
        orderId,
        userId: request.userId,
        amountCents,
        token: request.paymentToken,
      });
      return "charged";
    } catch (thrown) {
      if (rejects(thrown, "card_declined")) return "declined";
      // The answer got lost, which says nothing about the card. Ask before anything is released.
      const outcome = await payments.outcome(key).catch(() => "unknown" as const);
      if (outcome === "unknown") throw thrown;
      return outcome;
    }
  }
}

const rejects = (thrown: unknown, reason: string): boolean =>
  thrown instanceof AppError && thrown.reason === reason;
