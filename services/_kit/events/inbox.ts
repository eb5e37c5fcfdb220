/** The idempotent consumer: at-least-once delivery, an effect exactly once. */

import type { Database, Sql } from "../database/postgres.ts";
import { RETENTION_MS } from "./broker.ts";

/** The tables that this needs, for `openDatabase`. */
export const inboxSchema = new URL("./inbox.sql", import.meta.url);

/** Longer than a message, its dead letter and the redrive of that can follow each other: then a claim protects nothing. */
const KEEP_MS = 3 * RETENTION_MS + 7 * 24 * 3_600_000;
const CLEAN_EVERY_MS = 600_000;
const ROWS_A_CLEANING = 10_000;

/** When each database was cleaned the last time. */
const cleanedMs = new WeakMap<Database, number>();

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

/** Whoever claims also cleans, off its own path: an inbox has no other process that would. */
function cleanNowAndThen(db: Database): void {
  const nowMs = Date.now();
  if (nowMs - (cleanedMs.get(db) ?? 0) < CLEAN_EVERY_MS) return;
  cleanedMs.set(db, nowMs);
  // A failure is no one's: the next cleaning takes what this one left.
  clean(db).catch(() => {});
}

/** Deletes claims that protect nothing any more, at most so many at once. */
export async function clean(db: Sql): Promise<void> {
  await db.query(
    `DELETE FROM inbox WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM inbox WHERE handled_at < now() - $1 * interval '1 ms' LIMIT $2))`,
    [KEEP_MS, ROWS_A_CLEANING],
  );
}
