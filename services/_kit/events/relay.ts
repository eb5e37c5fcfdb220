/**
 * The transactional outbox, sending side. A bucket is sent in id order under an advisory lock, and every
 * acknowledgement is awaited. (`FOR UPDATE SKIP LOCKED` with three relays gave 17 inversions per user in 60 rows.)
 * After a crash between sending and marking, the row is sent again with the same message id, which the stream drops.
 */

import { OutboxListener } from "../database/outbox-listener.ts";
import type { Database, Sql } from "../database/postgres.ts";
import { ATTR, BATON } from "../telemetry/conventions.ts";
import { labelsOf } from "../telemetry/destination.ts";
import type { Logger } from "../telemetry/log.ts";
import { countSent } from "../telemetry/messages.ts";
import type { AsyncMode } from "../telemetry/propagation.ts";
import type { Broker } from "./broker.ts";
import { watchDeadLetters } from "./gauges.ts";
import { writeHead } from "./head.ts";
import { messageOf } from "./outbox.ts";
import {
  clean,
  giveUp,
  isRefusal,
  MAX_REFUSALS,
  type OutboxRow,
  outboxOf,
  redrivenRows,
} from "./outbox-dead.ts";
import { inSendSpan } from "./tracing.ts";

const RELAY_LOCK = 7_240_002;
const ROWS_A_PASS = 100;
/** NOTIFY wakes the relay. Polling is for notifications that are lost while its connection is away. */
const POLL_MS = 500;
const CLEAN_EVERY_MS = 60_000;

interface Pass {
  readonly sent: number;
  readonly more: boolean;
}

export interface Relay {
  /** Ends after the pass that is under way. */
  stop(): Promise<void>;
}

/** Sends all unsent and all new rows until stopped. */
export async function startRelay(db: Database, broker: Broker, mode: AsyncMode, log: Logger): Promise<Relay> {
  const abort = new AbortController();
  let wake = Promise.withResolvers<void>();
  const listener = new OutboxListener(db, () => wake.resolve());
  await listener.open();

  const pass = async (cleanedMs: number): Promise<number> => {
    await listener.open();
    await drain(db, broker, mode, log, abort.signal);
    if (Date.now() - cleanedMs < CLEAN_EVERY_MS) return cleanedMs;
    await clean(db);
    return Date.now();
  };
  const loop = async () => {
    let cleanedMs = Date.now();
    while (!abort.signal.aborted) {
      wake = Promise.withResolvers<void>();
      const timer = setTimeout(wake.resolve, POLL_MS);
      try {
        cleanedMs = await pass(cleanedMs);
      } catch (err) {
        log.warn({ err }, "a pass of the relay failed, the next one follows");
      }
      if (!abort.signal.aborted) await wake.promise;
      clearTimeout(timer);
    }
  };
  const owner = await outboxOf(db);
  const redriven = await redrivenRows(db, broker, owner, log, () => wake.resolve());
  const unwatch = watchDeadLetters(broker, owner);
  const running = loop();
  return {
    stop: async () => {
      abort.abort();
      wake.resolve();
      await unwatch();
      await redriven.stop();
      await running;
      await listener.close();
    },
  };
}

/** One pass over all buckets with unsent rows, until they are empty or fail. Returns the number of rows sent. */
export async function drain(
  db: Database,
  broker: Broker,
  mode: AsyncMode,
  log: Logger,
  signal: AbortSignal,
): Promise<number> {
  const buckets = await db.query<{ bucket: number }>(
    "SELECT DISTINCT bucket FROM outbox WHERE sent_at IS NULL AND dead_at IS NULL",
  );
  const sent = await Promise.all(
    buckets.rows.map(({ bucket }) => drainBucket(db, broker, mode, log, bucket, signal)),
  );
  return sent.reduce((sum, n) => sum + n, 0);
}

async function drainBucket(
  db: Database,
  broker: Broker,
  mode: AsyncMode,
  log: Logger,
  bucket: number,
  signal: AbortSignal,
): Promise<number> {
  let total = 0;
  for (let more = true; more && !signal.aborted; ) {
    const pass = await db.transaction(async (tx): Promise<Pass> => {
      const lock = await tx.query<{ got: boolean }>("SELECT pg_try_advisory_xact_lock($1, $2) AS got", [
        RELAY_LOCK,
        bucket,
      ]);
      if (lock.rows[0]?.got !== true) return { sent: 0, more: false };
      const { rows } = await tx.query<OutboxRow>(
        "SELECT * FROM outbox WHERE bucket = $1 AND sent_at IS NULL AND dead_at IS NULL ORDER BY id LIMIT $2",
        [bucket, ROWS_A_PASS],
      );
      return sendInOrder(tx, rows, broker, mode, log);
    });
    total += pass.sent;
    more = pass.more;
  }
  return total;
}

/**
 * Stops at the first row that fails, because those behind it must not overtake it; once it is a dead letter they are
 * sent. Returns how many were sent, and whether the bucket may have more.
 */
async function sendInOrder(
  tx: Sql,
  rows: readonly OutboxRow[],
  broker: Broker,
  mode: AsyncMode,
  log: Logger,
): Promise<Pass> {
  const sent: string[] = [];
  let stopped = false;
  for (const row of rows) {
    try {
      await send(row, broker, mode);
      sent.push(row.id);
    } catch (err) {
      log.warn(
        { err, [ATTR.messageId]: row.event_id, [BATON.attempt]: row.attempts + 1 },
        "an event could not be sent",
      );
      const refusals = row.refusals + (isRefusal(err) ? 1 : 0);
      await tx.query("UPDATE outbox SET attempts = attempts + 1, refusals = $2 WHERE id = $1", [
        row.id,
        refusals,
      ]);
      stopped = refusals < MAX_REFUSALS;
      if (stopped) break;
      await giveUp(tx, broker, row, err);
    }
  }
  if (sent.length > 0) {
    await tx.query(
      "UPDATE outbox SET sent_at = now(), attempts = attempts + 1 WHERE id = ANY($1::bigint[])",
      [sent],
    );
  }
  return { sent: sent.length, more: !stopped && rows.length === ROWS_A_PASS };
}

async function send(row: OutboxRow, broker: Broker, mode: AsyncMode): Promise<void> {
  const createdMs = Number(row.created_ms);
  const startedMs = Date.now();
  const message = messageOf(broker, row.bucket, row.type, row.event_id);
  const sending = {
    message,
    handover: { carrier: row.carrier, createdAtMs: createdMs },
    outboxId: row.id,
    attempt: row.attempts + 1,
    waitMs: startedMs - createdMs,
  };
  // The carrier is sent as it was stored, so that the creation context stays that of the `create` span.
  const head = { eventId: row.event_id, carrier: row.carrier, createdMs, sentMs: startedMs };
  await inSendSpan(sending, mode, () =>
    countSent(labelsOf("send", message), 1, () =>
      broker.publish(row.bucket, row.type, {
        id: row.event_id,
        headers: writeHead(head),
        data: Buffer.from(JSON.stringify(row.payload)),
      }),
    ),
  );
}
