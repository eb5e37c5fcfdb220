/** Charges a card, once per idempotency key. This is where a card is declined. */
import { faultMs, type Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { ChargeStore } from "./store.ts";

export interface ChargeRequest {
  readonly key: string;
  readonly orderId: string;
  readonly userId: string;
  readonly amountCents: number;
  /** Stands for a card. `tok_declined` is always declined. */
  readonly token: string;
}

/** Resolves after `ms` milliseconds; rejects as soon as `signal` ends. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<unknown>;

export interface ChargeDeps {
  readonly charges: Pick<ChargeStore, "keep">;
  readonly fault: FaultAt;
  /** What the fault `slow` waits with. */
  readonly wait: Wait;
  readonly note: Note<Vocabulary>;
  readonly newId: () => string;
}

/**
 * Answers the charge's id. Fails with reason `card_declined`, or `charge_voided` when a refund came first. A repeated
 * call with the same key gets the same answer. `signal` aborts when the caller has given up: a bank that is slower than
 * that charges nothing, and this fails with `deadline_exceeded`.
 */
export function makeCharge({ charges, fault, wait, note, newId }: ChargeDeps) {
  return async (request: ChargeRequest, signal: AbortSignal): Promise<string> => {
    const { key, orderId, userId, amountCents, token } = request;
    const bite = fault("payments.charge");
    const slowMs = bite?.kind === "slow" ? faultMs(bite.arg) : 0;
    if (slowMs > 0) await wait(slowMs, signal).catch(gaveUp);
    const declined = token === "tok_declined" || bite?.kind === "declined";
    const status = declined ? "declined" : "charged";
    const kept = await charges.keep({ key, chargeId: newId(), orderId, userId, amountCents, status });
    if (kept.status === "declined") {
      note("payment.declined", { orderId, amountCents });
      throw new AppError("precondition_failed", "the card was declined", { reason: "card_declined" });
    }
    if (kept.status === "voided") {
      throw new AppError("precondition_failed", "this charge was called off", { reason: "charge_voided" });
    }
    note("payment.charged", { orderId, amountCents });
    if (bite?.kind === "lost")
      throw new AppError("unavailable", "the bank charged the card and never said so");
    return kept.chargeId;
  };
}

function gaveUp(cause: unknown): never {
  throw new AppError("deadline_exceeded", "the caller did not wait for the charge", { cause });
}
