/** Charges and refunds in Postgres. A card's token is never stored. */
import type { Command } from "../_contracts/commands.ts";
import type { EventFrom } from "../_contracts/events.ts";
import type { Database } from "../_kit/database/postgres.ts";
import { append, type EventsBroker } from "../_kit/events/outbox.ts";

export interface Charge {
  readonly key: string;
  readonly chargeId: string;
  readonly orderId: string;
  readonly userId: string;
  readonly amountCents: number;
  readonly status: "charged" | "declined";
}

/** The state of a key. */
export type Outcome =
  | { readonly status: "charged"; readonly chargeId: string; readonly refunded: boolean }
  | { readonly status: "declined"; readonly chargeId: string }
  /** A refund came first: there is no charge, and there will be none. */
  | { readonly status: "voided" };

/** What a refund did. `nothing`: there was no money to give back, or it was given back before. */
export type RefundResult =
  | { readonly did: "refunded"; readonly orderId: string; readonly amountCents: number }
  | { readonly did: "voided" | "nothing" };

export interface ChargeStore {
  find(key: string): Promise<Outcome | undefined>;
  /** Keeps the first charge with a key; answers what is kept under it. */
  keep(charge: Charge): Promise<Outcome>;
  /**
   * Refunds the charge under a key once, and appends PaymentRefunded in the same transaction. Voids the key when there
   * is no charge under it yet.
   */
  refund(command: Command<"refund">): Promise<RefundResult>;
}

interface ChargeRow {
  status: "charged" | "declined" | "voided";
  charge_id: string | null;
  refunded_at: Date | null;
}

function toOutcome({ status, charge_id, refunded_at }: ChargeRow): Outcome {
  const chargeId = charge_id ?? "";
  if (status === "charged") return { status, chargeId, refunded: refunded_at !== null };
  return status === "declined" ? { status, chargeId } : { status };
}

export function chargeStore(db: Database, broker: EventsBroker): ChargeStore {
  const find: ChargeStore["find"] = async (key) => {
    const { rows } = await db.query<ChargeRow>(
      "SELECT status, charge_id, refunded_at FROM charges WHERE idempotency_key = $1",
      [key],
    );
    return rows[0] && toOutcome(rows[0]);
  };
  return {
    find,
    keep: async (charge) => {
      // The first row with a key wins, a charge or a void. This waits for another transaction's row to commit.
      const { rows } = await db.query<ChargeRow>(
        `INSERT INTO charges (idempotency_key, charge_id, order_id, user_id, amount_cents, status)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (idempotency_key) DO NOTHING
         RETURNING status, charge_id, refunded_at`,
        [charge.key, charge.chargeId, charge.orderId, charge.userId, charge.amountCents, charge.status],
      );
      const kept = rows[0] ? toOutcome(rows[0]) : await find(charge.key);
      if (kept === undefined) throw new Error("a charge that was there is gone");
      return kept;
    },
    refund: ({ chargeKey, orderId, userId }) =>
      db.transaction(async (tx) => {
        const voided = await tx.query(
          `INSERT INTO charges (idempotency_key, order_id, user_id, amount_cents, status)
           VALUES ($1, $2, $3, 0, 'voided') ON CONFLICT (idempotency_key) DO NOTHING`,
          [chargeKey, orderId, userId],
        );
        if (voided.rowCount === 1) return { did: "voided" };
        const { rows } = await tx.query<{
          order_id: string;
          user_id: string;
          amount_cents: string;
          refunded_at: Date;
        }>(
          `UPDATE charges SET refunded_at = now()
           WHERE idempotency_key = $1 AND status = 'charged' AND refunded_at IS NULL
           RETURNING order_id, user_id, amount_cents, refunded_at`,
          [chargeKey],
        );
        const [row] = rows;
        if (row === undefined) return { did: "nothing" };
        // From the charge, not from the command, so that the money goes back to the user who paid.
        const payload = {
          orderId: row.order_id,
          userId: row.user_id,
          amountCents: Number(row.amount_cents),
          at: row.refunded_at.toISOString(),
        };
        await append<EventFrom<"payments">>(broker, tx, {
          type: "PaymentRefunded",
          key: payload.userId,
          payload,
        });
        return { did: "refunded", orderId: payload.orderId, amountCents: payload.amountCents };
      }),
  };
}
