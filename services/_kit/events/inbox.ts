/** The idempotent consumer: at-least-once delivery, an effect exactly once. */

import type { Database, Sql } from "../database/postgres.ts";
import { RETENTION_MS } from "./broker.ts";

/** The tables that this needs, for `openDatabase`. */
export const inboxSchema = new URL("./inbox.sql", import.meta.url);

/** Longer than a message, its dead letter and its redrive can last one after the other: then a claim is not needed. */
const KEEP_MS = 3 * RETENTION_MS + 7 * 24 * 3_600_000;
const CLEAN_EVERY_MS = 600_000;
const ROWS_A_CLEANING = 10_000;

/** When each database was last cleaned. */
const cleanedMs = new WeakMap<Database, number>();

/**
 * Runs `effect` in a transaction whose first statement claims the event for `consumer`. Returns what `effect`
 * returns, or undefined when this event had its effect before. Of two deliveries at once the second waits for the
 * first one's commit.
 */
export async function once<T>(
  db: Database,
  consumer: string,
  eventId: string,
  effect: (tx: Sql) => Promise<T>,
): Promise<T | undefined> {
  const answer = await db.transaction(async (tx) => {
    const claimed = await tx.query(
      "INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [consumer, eventId],
    );
    return claimed.rowCount === 1 ? effect(tx) : undefined;
  });
  cleanNowAndThen(db);
  return answer;
}

/** A claim also cleans now and then, without waiting for it: an inbox has no process of its own for that. */
function cleanNowAndThen(db: Database): void {
  const nowMs = Date.now();
  if (nowMs - (cleanedMs.get(db) ?? 0) < CLEAN_EVERY_MS) return;
  cleanedMs.set(db, nowMs);
  // A failure does no harm: the next cleaning does the rest.
  clean(db).catch(() => {});
}

/** Deletes claims that are not needed any more, at most ROWS_A_CLEANING at once. */
export async function clean(db: Sql): Promise<void> {
  await db.query(
    `DELETE FROM inbox WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM inbox WHERE handled_at < now() - $1 * interval '1 ms' LIMIT $2))`,
    [KEEP_MS, ROWS_A_CLEANING],
  );
}
