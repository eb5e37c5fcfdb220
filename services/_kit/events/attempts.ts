/**
 * How often a message was tried, kept by the consumer's own service and not by the broker: Kafka does not count at all,
 * and others count a message that was only given back. An attempt is written before the message is handled, so that one
 * that kills its consumer is counted, too. Giving a message back undoes it.
 *
 * On a broker that counts deliveries the first delivery is written only if it fails or is given back: the usual case
 * costs nothing.
 */
import type { SpanContext } from "@opentelemetry/api";
import type { Database } from "../database/postgres.ts";
import { spanContextOf, traceparentOf } from "../telemetry/propagation.ts";
import { type Broker, RETENTION_MS, type ReceivedMessage } from "./broker.ts";

/** The table that this needs, for `openDatabase`. */
export const attemptsSchema = new URL("./attempts.sql", import.meta.url);

/** Longer than a message can come again. */
const KEEP_MS = 2 * RETENTION_MS;
const CLEAN_EVERY_MS = 600_000;
const ROWS_A_CLEANING = 10_000;

export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** The span of the one before it; undefined for the first, and when that one did not live to tell. */
  readonly previous: SpanContext | undefined;
}

/** A message by what stays the same however often it is delivered; a stream that was made anew counts from 1 again. */
const keyOf = ({ place, storedMs }: ReceivedMessage): string => `${place}@${storedMs}`;

/** The attempts of one consumer. */
export class Attempts {
  readonly #db: Database;
  readonly #consumer: string;
  readonly #counts: boolean;
  #cleanedMs = Date.now();

  /** `consumer`: the name of its source. */
  constructor(db: Database, broker: Pick<Broker, "can">, consumer: string) {
    this.#db = db;
    this.#consumer = consumer;
    this.#counts = broker.can.counts;
  }

  /** True for a message that nothing is written of: this is its first delivery, and the broker says so. */
  #isUnwritten = ({ deliveries }: ReceivedMessage): boolean => this.#counts && deliveries === 1;

  /** Counts an attempt that is about to begin. Rejects when that cannot be written: then it must not begin. */
  async begin(message: ReceivedMessage): Promise<Attempt> {
    if (this.#isUnwritten(message)) return { number: 1, previous: undefined };
    this.#cleanNowAndThen();
    // Without a row there was a first delivery, if the broker counts: it was tried, and its consumer did not live to tell.
    const { rows } = await this.#db.query<{ attempts: number; last_span: string | null }>(
      `INSERT INTO attempts (consumer, message, attempts) VALUES ($1, $2, $3)
       ON CONFLICT (consumer, message) DO UPDATE SET attempts = attempts.attempts + 1, at = now()
       RETURNING attempts, last_span`,
      [this.#consumer, keyOf(message), this.#counts ? 2 : 1],
    );
    const [row] = rows;
    return { number: row?.attempts ?? 1, previous: spanContextOf(row?.last_span ?? "") };
  }

  /** Notes the span of an attempt that failed and is to be followed by another. */
  async failed(message: ReceivedMessage, number: number, span: SpanContext): Promise<void> {
    await this.#db.query(
      `INSERT INTO attempts (consumer, message, attempts, last_span) VALUES ($1, $2, $3, $4)
       ON CONFLICT (consumer, message) DO UPDATE SET last_span = EXCLUDED.last_span, at = now()`,
      [this.#consumer, keyOf(message), number, traceparentOf(span)],
    );
  }

  /**
   * What is given back was not tried. `begun`: by message the number of the attempt that was under way; those without
   * one still waited for their turn.
   */
  async undo(
    messages: readonly ReceivedMessage[],
    begun: ReadonlyMap<ReceivedMessage, number>,
  ): Promise<void> {
    const counted = messages.filter((message) => begun.has(message) || this.#isUnwritten(message));
    if (counted.length === 0) return;
    await this.#db.query(
      `INSERT INTO attempts (consumer, message, attempts)
       SELECT $1, message, attempts FROM unnest($2::text[], $3::int[]) AS given (message, attempts)
       ON CONFLICT (consumer, message) DO UPDATE SET attempts = EXCLUDED.attempts, at = now()`,
      [this.#consumer, counted.map(keyOf), counted.map((message) => (begun.get(message) ?? 1) - 1)],
    );
  }

  /** It is settled for good. */
  async forget(message: ReceivedMessage): Promise<void> {
    if (this.#isUnwritten(message)) return;
    await this.#db.query("DELETE FROM attempts WHERE consumer = $1 AND message = $2", [
      this.#consumer,
      keyOf(message),
    ]);
  }

  /** Off the message's own path. A failure costs nothing: the next cleaning takes what this one left. */
  #cleanNowAndThen(): void {
    const nowMs = Date.now();
    if (nowMs - this.#cleanedMs < CLEAN_EVERY_MS) return;
    this.#cleanedMs = nowMs;
    this.clean().catch(() => {});
  }

  /** Deletes rows of messages that cannot come again, at most so many at once. */
  async clean(): Promise<void> {
    await this.#db.query(
      `DELETE FROM attempts WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM attempts WHERE at < now() - $1 * interval '1 ms' LIMIT $2))`,
      [KEEP_MS, ROWS_A_CLEANING],
    );
  }
}
