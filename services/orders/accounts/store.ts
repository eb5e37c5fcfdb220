/** Users in Postgres. */
import type { EventFrom } from "../../_contracts/events.ts";
import type { Database } from "../../_kit/database/postgres.ts";
import { append, type EventsBroker } from "../../_kit/events/outbox.ts";
import type { User, UserStore } from "./accounts.ts";

/** The tables that this needs, for `openDatabase`. */
export const usersSchema = new URL("./schema.sql", import.meta.url);

interface UserRow {
  user_id: string;
  name: string;
  email: string;
  created_at: Date;
  request_hash: string;
}

const toUser = ({ user_id, name, email, created_at }: UserRow): User => ({
  userId: user_id,
  name,
  email,
  createdAt: created_at,
});

export function userStore(db: Database, broker: EventsBroker): UserStore {
  return {
    find: async (userId) => {
      const { rows } = await db.query<UserRow>("SELECT * FROM users WHERE user_id = $1", [userId]);
      return rows[0] && toUser(rows[0]);
    },
    create: ({ userId, idempotencyKey, requestHash, name, email }) =>
      db.transaction(async (tx) => {
        const created = await tx.query<UserRow>(
          `INSERT INTO users (user_id, idempotency_key, request_hash, name, email) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING RETURNING *`,
          [userId, idempotencyKey, requestHash, name, email],
        );
        if (created.rows[0]) {
          const user = toUser(created.rows[0]);
          const payload = { userId, name, email, at: user.createdAt.toISOString() };
          await append<EventFrom<"orders">>(broker, tx, { type: "UserCreated", key: userId, payload });
          return { kind: "created", user };
        }
        const known = await tx.query<UserRow>("SELECT * FROM users WHERE idempotency_key = $1", [
          idempotencyKey,
        ]);
        const [row] = known.rows;
        return row ? { kind: "known", user: toUser(row), requestHash: row.request_hash } : { kind: "taken" };
      }),
  };
}
