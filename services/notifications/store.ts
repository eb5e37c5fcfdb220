/** What has been sent, in Postgres. */
import type { Database } from "../_kit/postgres.ts";

export interface SentEmail {
  readonly emailId: string;
  readonly kind: string;
  readonly orderId: string;
}

export interface EmailStore {
  /** False when it is on record already. */
  record(email: SentEmail): Promise<boolean>;
}

export function emailStore(db: Database): EmailStore {
  return {
    record: async ({ emailId, kind, orderId }) => {
      const recorded = await db.query(
        "INSERT INTO emails (email_id, kind, order_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        [emailId, kind, orderId],
      );
      return recorded.rowCount === 1;
    },
  };
}
