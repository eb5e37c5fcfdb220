/**
 * The transactional outbox, writing side: an event and the change that it tells of commit together or not at all.
 *
 * The context is captured here, at append, by `inCreateSpan`. An outbox that captures it at delivery credits a whole drain to
 * whatever request happens to be active then.
 */
import { createHash } from "node:crypto";
import type { Sql } from "../database/postgres.ts";
import { uuidv7 } from "../process/uuid.ts";
import type { Broker } from "./broker.ts";
import { inCreateSpan, type TracedMessage } from "./tracing.ts";

/** The tables that this needs, for `openDatabase`. */
export const outboxSchema = new URL("./outbox.sql", import.meta.url);

/** Order is kept within a bucket; all events of one key (a user) share one. */
export const BUCKETS = 8;

/** The bucket of `key`: stable for ever, because stored subjects depend on it. */
export function bucketOf(key: string): number {
  return createHash("sha1").update(key).digest().readUInt8(0) % BUCKETS;
}

/** Where the events will go: only for what the span says of it. The relay is what sends them. */
export type EventsBroker = Pick<Broker, "system" | "destination">;

export interface NewEvent {
  /** E.g. `OrderConfirmed`. */
  readonly type: string;
  /** Events with the same key stay in order: the user's id. */
  readonly key: string;
  readonly payload: object;
}

/** What a message of an event type is called in telemetry: the subject without its bucket. */
export const destinationOf = (type: string): string => `events.${type}`;

/** What spans say of an event that goes to `to`. */
export const messageOf = (to: EventsBroker, bucket: number, type: string, id: string): TracedMessage => ({
  system: to.system,
  name: destinationOf(type),
  destination: to.destination(bucket, type),
  partition: String(bucket),
  id,
});

/**
 * Appends an event in the transaction `tx`; answers its id. The caller's transaction must hold the row lock of
 * what the event is about, or a later id could become visible before an earlier one.
 *
 * `to`: the broker that the relay will send it to. `E`: the events that the caller may append, as the shop's contracts have them. It is never inferred, so that an
 * append that names no events does not compile: `append<EventFrom<"shipping">>(broker, tx, event)`.
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
