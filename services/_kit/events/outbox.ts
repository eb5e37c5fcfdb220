/**
 * The transactional outbox, writing side: an event and its change commit together or not at all.
 *
 * `inCreateSpan` captures the context here, at the append. An outbox that captures it at delivery would credit a whole
 * drain to the request that happens to be active then.
 */
import { createHash } from "node:crypto";
import type { Sql } from "../database/postgres.ts";
import { uuidv7 } from "../process/uuid.ts";
import { messagesAt } from "../telemetry/destination.ts";
import type { Broker } from "./broker.ts";
import { inCreateSpan, type TracedMessage } from "./tracing.ts";

/** The tables that this needs, for `openDatabase`. */
export const outboxSchema = new URL("./outbox.sql", import.meta.url);

/** Order is kept within a bucket. All events of one key, such as a user, have the same bucket. */
export const BUCKETS = 8;

/** The bucket of `key`. It must never change, because stored subjects depend on it. */
export function bucketOf(key: string): number {
  return createHash("sha1").update(key).digest().readUInt8(0) % BUCKETS;
}

/** The broker of the events, only for the span's attributes. The relay sends the events. */
export type EventsBroker = Pick<Broker, "system" | "server" | "destination">;

export interface NewEvent {
  /** E.g. `OrderConfirmed`. */
  readonly type: string;
  /** Events with the same key stay in order, e.g. the user's id. */
  readonly key: string;
  readonly payload: object;
}

/** The name of an event type's messages in telemetry: the subject without its bucket. */
export const destinationOf = (type: string): string => `events.${type}`;

/** The message of an event, for its spans. */
export const messageOf = (to: EventsBroker, bucket: number, type: string, id: string): TracedMessage => ({
  ...messagesAt(to, destinationOf(type)),
  destination: to.destination(bucket, type),
  partition: String(bucket),
  id,
});

/**
 * Appends an event in the transaction `tx`. Returns its id. The caller's transaction must hold the lock of the row that
 * the event is about: otherwise a later id could become visible before an earlier one.
 *
 * `to`: the broker that the relay will send it to. `E`: the events that the caller may append, as the shop's contracts
 * have them. It is never inferred, so that an append without it does not compile:
 * `append<EventFrom<"shipping">>(broker, tx, event)`.
 */
export async function append<E extends NewEvent = never>(
  to: EventsBroker,
  tx: Sql,
  event: NoInfer<E>,
): Promise<string> {
  const eventId = uuidv7();
  const bucket = bucketOf(event.key);
  const message = messageOf(to, bucket, event.type, eventId);
  await inCreateSpan(message, async (carrier) => {
    const { rows } = await tx.query<{ id: string }>(
      `INSERT INTO outbox (event_id, type, bucket, payload, carrier, created_ms)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
      [eventId, event.type, bucket, JSON.stringify(event.payload), JSON.stringify(carrier), Date.now()],
    );
    return String(rows[0]?.id);
  });
  return eventId;
}
