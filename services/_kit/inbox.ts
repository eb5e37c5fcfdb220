/** The idempotent consumer: at-least-once delivery, an effect exactly once. */
import type { Database, Sql } from "./postgres.ts";

/** The tables that this needs, for `openDatabase`. */
export const inboxSchema = new URL("./inbox.sql", import.meta.url);

/**
 * Runs `effect` in a transaction whose first statement claims the event for `consumer`. Answers what `effect`
 * answers, or undefined when this event had its effect before (also when two deliveries run at once: the second
 * waits for the first's commit).
 */
export async function once<T>(
  db: Database,
  consumer: string,
  eventId: string,
  effect: (tx: Sql) => Promise<T>,
): Promise<T | undefined> {
  return db.transaction(async (tx) => {
    const claimed = await tx.query(
      "INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [consumer, eventId],
    );
    return claimed.rowCount === 1 ? effect(tx) : undefined;
  });
}
