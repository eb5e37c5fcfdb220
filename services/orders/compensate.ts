/** Undoes a checkout: refunds the money, if any can have been taken, and releases the stock. Repeating does no harm. */
import type { Command } from "../_contracts/commands.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { TakeStep } from "./saga-fault.ts";

export interface CompensateDeps {
  /** Releases what was reserved. A reservation that comes later is refused. */
  readonly release: (orderId: string) => Promise<void>;
  /** Sends the command, which waits in its queue while payments is down. A charge that comes later is refused. */
  readonly requestRefund: (refund: Command<"refund">) => Promise<void>;
  readonly takeStep: TakeStep;
  readonly note: Note<Vocabulary>;
}

/** `refund`: for a charge that has succeeded or still may. */
export type Compensate = (orderId: string, refund: Command<"refund"> | undefined) => Promise<void>;

export function makeCompensate({ release, requestRefund, takeStep, note }: CompensateDeps): Compensate {
  return async (orderId, refund) => {
    if (refund) {
      await takeStep("refund", () => requestRefund(refund));
      note("refund.requested", { orderId });
    }
    await takeStep("release", () => release(orderId));
  };
}
