/** Charges in Postgres. A card's token is never stored. */
import type { Database } from "../_kit/postgres.ts";

export type ChargeStatus = "charged" | "declined";

export interface Charge {
  readonly key: string;
  readonly chargeId: string;
  readonly orderId: string;
  readonly userId: string;
  readonly amountCents: number;
  readonly status: ChargeStatus;
}

export interface ChargeStore {
  find(key: string): Promise<Pick<Charge, "chargeId" | "status"> | undefined>;
  /** Keeps the first charge with a key; answers the one that is kept. */
  keep(charge: Charge): Promise<Pick<Charge, "chargeId" | "status">>;
}

export function chargeStore(db: Database): ChargeStore {
  const find: ChargeStore["find"] = async (key) => {
    const { rows } = await db.query<{ charge_id: string; status: ChargeStatus }>(
      "SELECT charge_id, status FROM charges WHERE idempotency_key = $1",
      [key],
    );
    return rows[0] && { chargeId: rows[0].charge_id, status: rows[0].status };
  };
  return {
    find,
    keep: async (charge) => {
      const kept = await db.query(
        `INSERT INTO charges (idempotency_key, charge_id, order_id, user_id, amount_cents, status)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (idempotency_key) DO NOTHING`,
        [charge.key, charge.chargeId, charge.orderId, charge.userId, charge.amountCents, charge.status],
      );
      return kept.rowCount === 1 ? charge : ((await find(charge.key)) ?? charge);
    },
  };
}
