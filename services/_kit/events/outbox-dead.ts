/**
 * An outbox row that cannot be sent, whoever tries: too large, or refused by the stream. It is dead-lettered, so that the
 * rows behind it pass, and stays in its table: a redrive puts it back in its place in the row of ids.
 */
import type { Database, Sql } from "../database/postgres.ts";
import type { Logger } from "../telemetry/log.ts";
import { type Carrier, carrierOf } from "../telemetry/propagation.ts";
import { type Broker, RETENTION_MS, troubleOf } from "./broker.ts";
import { readHead } from "./head.ts";
import { bury, redrivenOf, token } from "./letters/dead-letters.ts";
import { takeBack } from "./letters/take-back.ts";
import type { RunningConsumer } from "./receiver.ts";

/** What the relay reads of the table. */
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

/** So often a row is refused before it is given up: a stream's limits may be mended meanwhile. */
export const MAX_REFUSALS = 10;
const KEEP_SENT_MS = 3_600_000;
/** Longer than its dead letter lies in the stream. */
const KEEP_DEAD_MS = RETENTION_MS + 7 * 24 * 3_600_000;
const ROWS_A_CLEANING = 10_000;

/** Whether it failed for what the row is. A broker that is away, slow or full says nothing about the row. */
export const isRefusal = (err: unknown): boolean => troubleOf(err) === "refused";

/** The outbox's name among the consumers of redrives: its database, which is named after its service. */
export async function outboxOf(db: Sql): Promise<string> {
  const { rows } = await db.query<{ name: string }>("SELECT current_database() AS name");
  return `outbox.${token(rows[0]?.name ?? "")}`;
}

/** Dead-letters a row and marks it, in the transaction of the pass that gave it up. */
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

/** Puts redriven rows back until stopped; `wake` is called for each. */
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

/** Deletes what is long sent, and what was given up so long ago that nobody can redrive it. */
export async function clean(db: Sql): Promise<void> {
  await db.query(
    `DELETE FROM outbox WHERE id IN (
       (SELECT id FROM outbox WHERE sent_at < now() - $1 * interval '1 ms' LIMIT $3)
       UNION ALL
       (SELECT id FROM outbox WHERE dead_at < now() - $2 * interval '1 ms' LIMIT $3))`,
    [KEEP_SENT_MS, KEEP_DEAD_MS, ROWS_A_CLEANING],
  );
}
