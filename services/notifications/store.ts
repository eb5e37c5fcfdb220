/** The e-mails that were sent, in Postgres, without address and text. */
import type { Database } from "../_kit/database/postgres.ts";

export interface SentEmail {
  readonly emailId: string;
  readonly kind: string;
  readonly userId: string;
  readonly orderId?: string | undefined;
}

export interface EmailStore {
  /** False when it is recorded already. */
  record(email: SentEmail): Promise<boolean>;
}

export function emailStore(db: Database): EmailStore {
  return {
    record: async ({ emailId, kind, userId, orderId }) => {
      const recorded = await db.query(
        `INSERT INTO emails (email_id, kind, user_id, order_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING`,
        [emailId, kind, userId, orderId ?? null],
      );
      return recorded.rowCount === 1;
    },
  };
}
