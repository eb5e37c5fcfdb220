/**
 * Outbox rows that can never be sent, because they are too large or the stream refuses them. Such a row becomes a dead
 * letter, so that the rows behind it are sent, and stays in its table: a redrive makes it unsent again, at its old id.
 */
import type { Database, Sql } from "../database/postgres.ts";
import type { Logger } from "../telemetry/log.ts";
import { type Carrier, carrierOf } from "../telemetry/propagation.ts";
import { type Broker, RETENTION_MS, troubleOf } from "./broker.ts";
import { readHead } from "./head.ts";
import { bury, redrivenOf, token } from "./letters/dead-letters.ts";
import { takeBack } from "./letters/take-back.ts";
import type { RunningConsumer } from "./receiver.ts";

/** The columns that the relay reads. */
export interface OutboxRow {
  readonly id: string;
  readonly event_id: string;
  readonly type: string;
  readonly bucket: number;
  readonly payload: object;
  readonly carrier: Carrier;
  readonly created_ms: string;
  readonly attempts: number;
  readonly refusals: number;
  readonly redriven: number;
}

/** Refusals of a row until it is a dead letter. Several, because a stream's limits may be raised meanwhile. */
export const MAX_REFUSALS = 10;
const KEEP_SENT_MS = 3_600_000;
/** Longer than the stream keeps its dead letter. */
const KEEP_DEAD_MS = RETENTION_MS + 7 * 24 * 3_600_000;
const ROWS_A_CLEANING = 10_000;

/** Whether the row itself was refused. A broker that is away, slow or full says nothing about the row. */
export const isRefusal = (err: unknown): boolean => troubleOf(err) === "refused";

/** The outbox's name as an owner of dead letters: its database, which is named after its service. */
export async function outboxOf(db: Sql): Promise<string> {
  const { rows } = await db.query<{ name: string }>("SELECT current_database() AS name");
  return `outbox.${token(rows[0]?.name ?? "")}`;
}

/** Dead-letters a row and marks it, in the transaction of the relay's pass. */
export async function giveUp(tx: Sql, broker: Broker, row: OutboxRow, err: unknown): Promise<void> {
  const consumer = await outboxOf(tx);
  const detail = err instanceof Error ? err.message : String(err);
  await bury(broker, {
    id: [...consumer.split("."), row.id, ...(row.redriven === 0 ? [] : [row.redriven])].join(":"),
    consumer,
    group: consumer.slice("outbox.".length),
    type: row.type,
    reason: "refused",
    detail,
    attempts: row.attempts + 1,
    lastAttempt: undefined,
    redriven: row.redriven,
    head: {
      eventId: row.event_id,
      carrier: carrierOf(row.carrier),
      createdMs: Number(row.created_ms),
      sentMs: undefined,
    },
    data: Buffer.from(JSON.stringify(row.payload)),
  });
  await tx.query("UPDATE outbox SET dead_at = now(), dead_reason = $2 WHERE id = $1", [row.id, detail]);
}

/** Makes redriven rows unsent again until stopped. `wake` is called for each. */
export const redrivenRows = (
  db: Database,
  broker: Broker,
  owner: string,
  log: Logger,
  wake: () => void,
): Promise<RunningConsumer> =>
  takeBack(broker, owner, log, async ({ headers, place }) => {
    await db.query(
      `UPDATE outbox SET dead_at = NULL, dead_reason = NULL, refusals = 0, redriven = $2
       WHERE event_id = $1 AND dead_at IS NOT NULL`,
      [readHead(headers, place).eventId, redrivenOf(headers) || 1],
    );
    wake();
  });

/** Deletes rows that were sent long ago, and dead ones that can no longer be redriven. */
export async function clean(db: Sql): Promise<void> {
  await db.query(
    `DELETE FROM outbox WHERE id IN (
       (SELECT id FROM outbox WHERE sent_at < now() - $1 * interval '1 ms' LIMIT $3)
       UNION ALL
       (SELECT id FROM outbox WHERE dead_at < now() - $2 * interval '1 ms' LIMIT $3))`,
    [KEEP_SENT_MS, KEEP_DEAD_MS, ROWS_A_CLEANING],
  );
}
