/** Charges a card, once per key. This is where a card is declined. */
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/errors.ts";
import type { FaultAt } from "../_kit/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { ChargeStore } from "./store.ts";

export interface ChargeRequest {
  readonly key: string;
  readonly orderId: string;
  readonly userId: string;
  readonly amountCents: number;
  /** Stands for a card. `tok_declined` is one that every bank declines. */
  readonly token: string;
}

export interface ChargeDeps {
  readonly charges: ChargeStore;
  readonly fault: FaultAt;
  readonly note: Note<Vocabulary>;
  readonly newId: () => string;
}

/** Answers the charge's id. Fails with reason `card_declined`; again with the same key gives the same answer. */
export function makeCharge({ charges, fault, note, newId }: ChargeDeps) {
  return async ({ key, orderId, userId, amountCents, token }: ChargeRequest): Promise<string> => {
    const declined = token === "tok_declined" || fault("payments.charge")?.kind === "declined";
    const status = declined ? "declined" : "charged";
    const kept = await charges.keep({ key, chargeId: newId(), orderId, userId, amountCents, status });
    if (kept.status === "declined") {
      note("payment.declined", { orderId, amountCents });
      throw new AppError("precondition_failed", "the card was declined", { reason: "card_declined" });
    }
    note("payment.charged", { orderId, amountCents });
    return kept.chargeId;
  };
}
