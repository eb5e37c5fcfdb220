/**
 * The number of attempts of a message. The consumer's own service keeps it, not the broker: Kafka does not count at
 * all, and others also count a message that was only given back. An attempt is written before the message is handled,
 * so that a message that kills its consumer is counted too. Giving a message back undoes its attempt.
 *
 * On a broker that counts deliveries the first one is written only if it fails or is given back, so that the usual case
 * costs nothing.
 */
import type { SpanContext } from "@opentelemetry/api";
import type { Database } from "../database/postgres.ts";
import { spanContextOf, traceparentOf } from "../telemetry/propagation.ts";
import { type Broker, RETENTION_MS, type ReceivedMessage } from "./broker.ts";

/** The table that this needs, for `openDatabase`. */
export const attemptsSchema = new URL("./attempts.sql", import.meta.url);

/** Longer than a message can be redelivered. */
const KEEP_MS = 2 * RETENTION_MS;
const CLEAN_EVERY_MS = 600_000;
const ROWS_A_CLEANING = 10_000;

export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** The span of the attempt before; undefined for the first, and when the process of that one died. */
  readonly previous: SpanContext | undefined;
}

/** Identifies a message over its deliveries. The time is part of it: a stream that was made again counts from 1. */
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

  /** True when the message has no row, because the broker says that this is its first delivery. */
  #isUnwritten = ({ deliveries }: ReceivedMessage): boolean => this.#counts && deliveries === 1;

  /** Counts an attempt that is about to begin. Rejects when it cannot be written; then the attempt must not begin. */
  async begin(message: ReceivedMessage): Promise<Attempt> {
    if (this.#isUnwritten(message)) return { number: 1, previous: undefined };
    this.#cleanNowAndThen();
    // If the broker counts, a redelivery without a row means that the first attempt was lost with its consumer.
    const { rows } = await this.#db.query<{ attempts: number; last_span: string | null }>(
      `INSERT INTO attempts (consumer, message, attempts) VALUES ($1, $2, $3)
       ON CONFLICT (consumer, message) DO UPDATE SET attempts = attempts.attempts + 1, at = now()
       RETURNING attempts, last_span`,
      [this.#consumer, keyOf(message), this.#counts ? 2 : 1],
    );
    const [row] = rows;
    return { number: row?.attempts ?? 1, previous: spanContextOf(row?.last_span ?? "") };
  }

  /** Stores the span of a failed attempt that another one will follow. */
  async failed(message: ReceivedMessage, number: number, span: SpanContext): Promise<void> {
    await this.#db.query(
      `INSERT INTO attempts (consumer, message, attempts, last_span) VALUES ($1, $2, $3, $4)
       ON CONFLICT (consumer, message) DO UPDATE SET last_span = EXCLUDED.last_span, at = now()`,
      [this.#consumer, keyOf(message), number, traceparentOf(span)],
    );
  }

  /**
   * Undoes the attempts of messages that are given back. `begun`: the number of the attempt under way, by message.
   * Messages that are not in it still waited for their turn.
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

  /** Deletes the row of a message that is settled for good. */
  async forget(message: ReceivedMessage): Promise<void> {
    if (this.#isUnwritten(message)) return;
    await this.#db.query("DELETE FROM attempts WHERE consumer = $1 AND message = $2", [
      this.#consumer,
      keyOf(message),
    ]);
  }

  /** Cleans without making the message wait. A failure does no harm, because the next cleaning does the rest. */
  #cleanNowAndThen(): void {
    const nowMs = Date.now();
    if (nowMs - this.#cleanedMs < CLEAN_EVERY_MS) return;
    this.#cleanedMs = nowMs;
    this.clean().catch(() => {});
  }

  /** Deletes rows of messages that cannot be redelivered, at most ROWS_A_CLEANING at once. */
  async clean(): Promise<void> {
    await this.#db.query(
      `DELETE FROM attempts WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM attempts WHERE at < now() - $1 * interval '1 ms' LIMIT $2))`,
      [KEEP_MS, ROWS_A_CLEANING],
    );
  }
}
