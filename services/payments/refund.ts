/** Refunds a charge once, however often the command comes, and also when it comes before the charge. */
import type { Command } from "../_contracts/commands.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Received } from "../_kit/process/payload.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { ChargeStore } from "./store.ts";

export interface RefundDeps {
  readonly charges: Pick<ChargeStore, "refund">;
  readonly fault: FaultAt;
  readonly note: Note<Vocabulary>;
}

/**
 * Handles a refund command. If the charge has not come yet, its key is voided, and the charge will be refused. A charge
 * that was declined or refunded already is left as it is.
 */
export function makeRefund({ charges, fault, note }: RefundDeps) {
  return async ({ payload }: Received<Command<"refund">>): Promise<void> => {
    if (fault("payments.refund")?.kind === "failed") {
      throw new AppError("unavailable", "the bank takes no refunds now");
    }
    const result = await charges.refund(payload);
    if (result.did === "refunded") {
      note("payment.refunded", { orderId: result.orderId, amountCents: result.amountCents });
    }
    if (result.did === "voided") note("payment.voided", { orderId: payload.orderId });
  };
}
