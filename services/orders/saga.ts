/**
 * The checkout's saga: reserve, charge, confirm; or compensate and reject. Each step is stored before it is taken, and
 * has an idempotency key, so that another process can take the saga up and repeat the step without harm.
 */
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Compensate } from "./compensate.ts";
import type { Item, Order, RejectionReason } from "./order.ts";
import type { Begun, BegunStep, Hold, Saga, Sagas } from "./ports.ts";
import type { TakeStep } from "./saga-fault.ts";

/** The stock, which the service inventory has. */
export interface Inventory {
  /** In cents. Fails with reasons `unknown_sku` and `retired`. */
  quote(items: readonly Item[]): Promise<number>;
  /**
   * Fails with reasons `out_of_stock` and `retired`. A repeated call has no further effect; a call after the release is
   * refused.
   */
  reserve(orderId: string, items: readonly Item[]): Promise<void>;
  release(orderId: string): Promise<void>;
}

/** `undone`: refunded, or refused for ever because a refund came first. `unknown`: there is no such charge yet. */
export type Outcome = "charged" | "declined" | "undone" | "unknown";

/** The money, which the service payments has. */
export interface Payments {
  /** Fails with reason `card_declined`. A repeated call with the same key has no further effect. */
  charge(charge: {
    key: string;
    orderId: string;
    userId: string;
    amountCents: number;
    token: string;
  }): Promise<void>;
  /** The outcome of a charge whose answer got lost. Does not end when the caller gives up. */
  outcome(key: string): Promise<Outcome>;
}

export interface SagaDeps {
  readonly sagas: Sagas;
  readonly inventory: Pick<Inventory, "reserve">;
  readonly payments: Payments;
  readonly compensate: Compensate;
  readonly takeStep: TakeStep;
  readonly note: Note<Vocabulary>;
}

/** What only the first attempt has: the card's token is stored nowhere. */
export interface Purchase extends Hold {
  readonly userId: string;
  readonly items: readonly Item[];
  readonly totalCents: number;
  readonly paymentToken: string;
}

export interface CheckoutSaga {
  /** Takes a placed order to CONFIRMED or REJECTED. Every other failure is thrown, and the saga is resumed later. */
  run(purchase: Purchase): Promise<Order>;
  /**
   * Takes a saga from its stored step to its end, without charging. If a charge was begun, its outcome is looked up
   * first. When payments cannot be asked this fails: nothing is released before the outcome is known.
   */
  resume(saga: Saga): Promise<void>;
}

export function makeSaga(deps: SagaDeps): CheckoutSaga {
  const { sagas, inventory, payments, compensate, takeStep, note } = deps;

  async function run(purchase: Purchase): Promise<Order> {
    const { orderId, owner, userId, items } = purchase;
    const saga = { orderId, owner, userId, chargeKey: "" };
    const refusal = await takeStep("reserve", () => reserve(orderId, items));
    if (refusal !== undefined) return reject(saga, refusal);

    const chargeKey = `${orderId}:charge`;
    const outcome = await step(saga, "charge", { chargeKey }, () => charge(purchase, chargeKey));
    return outcome === "charged" ? confirm(saga) : giveBack({ ...saga, chargeKey }, "card_declined");
  }

  /**
   * Takes a step that another process may have to undo. Stores the step with the facts that its compensation needs,
   * then does it. All other steps need `takeStep` alone: the order is stored at `reserve`, and `confirm` and `reject`
   * store themselves in their own transaction.
   */
  async function step<T>(hold: Hold, name: BegunStep, more: Begun, work: () => Promise<T>): Promise<T> {
    held(await sagas.begin(hold, name, more));
    return takeStep(name, work);
  }

  async function resume(saga: Saga): Promise<void> {
    if (saga.step === "cancel") {
      await compensate(saga.orderId, refundOf(saga));
      await sagas.finish(saga);
      return;
    }
    if (saga.step !== "charge") {
      await giveBack(saga, saga.reason || "interrupted");
      return;
    }
    const outcome = await payments.outcome(saga.chargeKey);
    if (outcome === "charged") await confirm(saga);
    else await giveBack(saga, outcome === "declined" ? "card_declined" : "interrupted");
  }

  /** The reason to reject with, when something cannot be reserved. */
  async function reserve(
    orderId: string,
    items: readonly Item[],
  ): Promise<"out_of_stock" | "retired" | undefined> {
    try {
      await inventory.reserve(orderId, items);
      return undefined;
    } catch (thrown) {
      const refusal = (["out_of_stock", "retired"] as const).find((reason) => hasReason(thrown, reason));
      if (refusal === undefined) throw thrown;
      return refusal;
    }
  }

  async function charge(purchase: Purchase, key: string): Promise<"charged" | "declined"> {
    const { orderId, userId, totalCents, paymentToken } = purchase;
    try {
      await payments.charge({ key, orderId, userId, amountCents: totalCents, token: paymentToken });
      return "charged";
    } catch (thrown) {
      if (hasReason(thrown, "card_declined")) return "declined";
      // The answer got lost, so the outcome is looked up before anything is released. The lease is renewed first,
      // because the call may have used it up.
      held(await sagas.begin(purchase, "charge", {}));
      const outcome = await payments.outcome(key).catch(() => "unknown" as const);
      if (outcome === "charged" || outcome === "declined") return outcome;
      throw thrown;
    }
  }

  async function confirm(hold: Hold): Promise<Order> {
    const order = held(await takeStep("confirm", () => sagas.confirm(hold)));
    note("order.confirmed", { orderId: hold.orderId });
    return order;
  }

  async function giveBack(saga: Undoable, reason: RejectionReason): Promise<Order> {
    // A declined card has nothing to give back.
    const refund = reason === "card_declined" ? undefined : refundOf(saga);
    await step(saga, "compensate", { reason }, () => compensate(saga.orderId, refund));
    return reject(saga, reason);
  }

  async function reject(hold: Hold, reason: RejectionReason): Promise<Order> {
    const order = held(await takeStep("reject", () => sagas.reject(hold, reason)));
    note("order.rejected", { orderId: hold.orderId, reason });
    return order;
  }

  return { run, resume };
}

/** What undoing a checkout needs. */
type Undoable = Pick<Saga, "orderId" | "owner" | "userId" | "chargeKey">;

/** The command that undoes a saga's charge; none when no charge was begun. */
const refundOf = ({ orderId, userId, chargeKey }: Undoable) =>
  chargeKey === "" ? undefined : { chargeKey, orderId, userId };

/** Fails when another owner has taken the saga: that owner undoes what is under way. */
function held<T>(answer: T | false | undefined): T {
  if (answer === false || answer === undefined)
    throw new AppError("conflict", "another owner has taken over this order", { reason: "taken_over" });
  return answer;
}

const hasReason = (thrown: unknown, reason: string): boolean =>
  thrown instanceof AppError && thrown.reason === reason;
