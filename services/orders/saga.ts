/**
 * The checkout's saga: reserve, charge, confirm; or compensate, and reject. Each step is stored before it is taken,
 * under a key that makes its repetition harmless, so that whoever finds the saga without an owner can go on.
 */
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Compensate } from "./compensate.ts";
import type { Item, Order, RejectionReason } from "./order.ts";
import type { Begun, BegunStep, Hold, Saga, Sagas } from "./ports.ts";
import type { TakeStep } from "./saga-fault.ts";

/** Stock, by its own service. */
export interface Inventory {
  /** In cents. Fails with `invalid`, reason `unknown_sku`. */
  quote(items: readonly Item[]): Promise<number>;
  /** Fails with reason `out_of_stock`. Twice for one order is once; after its release it is refused. */
  reserve(orderId: string, items: readonly Item[]): Promise<void>;
  release(orderId: string): Promise<void>;
}

/** `undone`: refunded, or refused for ever because a refund came first. `unknown`: no such charge, yet. */
export type Outcome = "charged" | "declined" | "undone" | "unknown";

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
  /** What became of a charge whose answer got lost. Whoever asks wants to know, whether or not a caller still waits. */
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

/** What the first attempt has and no later one: the card's token is stored nowhere. */
export interface Purchase extends Hold {
  readonly userId: string;
  readonly items: readonly Item[];
  readonly totalCents: number;
  readonly paymentToken: string;
}

export interface CheckoutSaga {
  /** From a placed order to its end: CONFIRMED or REJECTED. Whatever else happens is thrown, and stays to be resumed. */
  run(purchase: Purchase): Promise<Order>;
  /**
   * From where it stands to its end, without charging. A charge that was begun is asked for first; when payments
   * cannot be asked this fails, and nothing is released before it is known.
   */
  resume(saga: Saga): Promise<void>;
}

export function makeSaga(deps: SagaDeps): CheckoutSaga {
  const { sagas, inventory, payments, compensate, takeStep, note } = deps;

  async function run(purchase: Purchase): Promise<Order> {
    const { orderId, owner, userId, items } = purchase;
    const saga = { orderId, owner, userId, chargeKey: "" };
    if (!(await takeStep("reserve", () => reserve(orderId, items)))) return reject(saga, "out_of_stock");

    const chargeKey = `${orderId}:charge`;
    const outcome = await step(saga, "charge", { chargeKey }, () => charge(purchase, chargeKey));
    return outcome === "charged" ? confirm(saga) : giveBack({ ...saga, chargeKey }, "card_declined");
  }

  /**
   * Takes a step that another process may have to undo: stores it with what that needs, then does it. All other steps
   * need `takeStep` alone: an order is stored at `reserve`, and `confirm` and `reject` are stored by what they do.
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

  /** False when something is out of stock. */
  async function reserve(orderId: string, items: readonly Item[]): Promise<boolean> {
    try {
      await inventory.reserve(orderId, items);
      return true;
    } catch (thrown) {
      if (hasReason(thrown, "out_of_stock")) return false;
      throw thrown;
    }
  }

  async function charge(purchase: Purchase, key: string): Promise<"charged" | "declined"> {
    const { orderId, userId, totalCents, paymentToken } = purchase;
    try {
      await payments.charge({ key, orderId, userId, amountCents: totalCents, token: paymentToken });
      return "charged";
    } catch (thrown) {
      if (hasReason(thrown, "card_declined")) return "declined";
      // The answer got lost, which says nothing about the card. Ask before anything is released, under a new lease:
      // the call may have used up this one.
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

/** What it takes to undo a checkout. */
type Undoable = Pick<Saga, "orderId" | "owner" | "userId" | "chargeKey">;

/** The command that undoes a saga's charge; none when no charge was begun. */
const refundOf = ({ orderId, userId, chargeKey }: Undoable) =>
  chargeKey === "" ? undefined : { chargeKey, orderId, userId };

/** Goes on only while nobody else has taken the saga: whoever has sees to it that what is under way is undone. */
function held<T>(answer: T | false | undefined): T {
  if (answer === false || answer === undefined)
    throw new AppError("conflict", "somebody else has taken up this order", { reason: "taken_over" });
  return answer;
}

const hasReason = (thrown: unknown, reason: string): boolean =>
  thrown instanceof AppError && thrown.reason === reason;
