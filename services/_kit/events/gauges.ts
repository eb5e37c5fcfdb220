/**
 * Gauges of the backlog of outboxes and consumers, and of the size of the streams, by the service that owns them.
 * Several replicas of a service report the same values: a dashboard must take the greatest, not the sum.
 */
import type { Database } from "../database/postgres.ts";
import { ATTR, BATON, GAUGE } from "../telemetry/conventions.ts";
import { readGauges } from "../telemetry/reading.ts";
import { type Broker, nameOf, type Source } from "./broker.ts";
import { eventsOf, type Subscription } from "./consumer.ts";
import { lanesOf, type OrderedSubscription } from "./ordered.ts";
import { destinationOf } from "./outbox.ts";

/** Ends the gauges. */
export type Unwatch = () => Promise<void> | void;

/** More rows are counted as this number: a backlog that large needs no exact value, and counting it is expensive. */
const MOST_ROWS = 100_000;

/** The outbox's backlog in `db`: unsent rows, those of them that were tried before, and the age of the oldest. */
export function watchOutbox(db: Database): Unwatch {
  return readGauges({
    gauges: [GAUGE.outboxUnsent, GAUGE.outboxRetrying, GAUGE.outboxAge],
    read: async () => {
      const { rows } = await db.query<{ unsent: string; retrying: string; oldest: string | null }>(
        `SELECT count(*) AS unsent, count(*) FILTER (WHERE attempts > 0) AS retrying, min(created_ms) AS oldest
         FROM (SELECT attempts, created_ms FROM outbox
               WHERE sent_at IS NULL AND dead_at IS NULL LIMIT $1) AS unsent`,
        [MOST_ROWS],
      );
      const [row] = rows;
      const nowMs = Date.now();
      const oldestMs = row?.oldest == null ? nowMs : Number(row.oldest);
      return [
        { name: GAUGE.outboxUnsent, value: Number(row?.unsent) },
        { name: GAUGE.outboxRetrying, value: Number(row?.retrying) },
        { name: GAUGE.outboxAge, value: Math.max(0, nowMs - oldestMs) / 1e3 },
      ];
    },
  });
}

/** A consumer, as it was passed to `subscribe`, `subscribeInBatches` or `subscribeInOrder`. */
export type Watched = Pick<Subscription, "group" | "type"> | Pick<OrderedSubscription, "group" | "handlers">;

interface WatchedSource {
  readonly source: Source;
  readonly attributes: Readonly<Record<string, string>>;
}

function sourcesOf(watched: Watched): WatchedSource[] {
  const [sources, type] =
    "type" in watched ? [[eventsOf(watched)], watched.type] : [lanesOf(watched.group), "*"];
  return sources.map((source) => ({
    source,
    attributes: {
      [ATTR.subscription]: nameOf(source),
      [ATTR.consumerGroup]: watched.group,
      [ATTR.destinationTemplate]: destinationOf(type),
    },
  }));
}

/** For each of their sources: pending, in hand and redelivered messages, and dead letters. */
export function watchConsumers(broker: Broker, watched: readonly Watched[]): Unwatch {
  const all = watched.flatMap(sourcesOf);
  return readGauges({
    gauges: [GAUGE.consumerPending, GAUGE.consumerAckPending, GAUGE.consumerRedelivered, GAUGE.deadLetters],
    read: async () => {
      const [dead, lags] = await Promise.all([
        broker.deadLetters(),
        broker.lags(all.map(({ source }) => source)),
      ]);
      return all.flatMap(({ source, attributes }, i) => [
        { name: GAUGE.consumerPending, value: lags[i]?.pending ?? 0, attributes },
        { name: GAUGE.consumerAckPending, value: lags[i]?.inHand ?? 0, attributes },
        { name: GAUGE.consumerRedelivered, value: lags[i]?.redelivered ?? 0, attributes },
        {
          name: GAUGE.deadLetters,
          value: dead.get(nameOf(source)) ?? 0,
          attributes: { [BATON.deadLetterOwner]: nameOf(source), ...attributes },
        },
      ]);
    },
  });
}

/** The dead letters of an owner that is not a source: `job.<queue>`, `outbox.<database>`. */
export function watchDeadLetters(broker: Broker, owner: string): Unwatch {
  return readGauges({
    gauges: [GAUGE.deadLetters],
    read: async () => {
      const dead = await broker.deadLetters();
      const attributes = { [BATON.deadLetterOwner]: owner };
      return [{ name: GAUGE.deadLetters, value: dead.get(owner) ?? 0, attributes }];
    },
  });
}

/** Messages and bytes that the broker holds. One service reports them, because all services share the streams. */
export function watchStreams(broker: Broker): Unwatch {
  return readGauges({
    gauges: [GAUGE.streamMessages, GAUGE.streamSize],
    read: async () => {
      const volumes = await broker.volumes();
      return volumes.flatMap(({ name, messages, bytes }) => {
        const attributes = { [ATTR.messagingSystem]: broker.system, [ATTR.destination]: name };
        return [
          { name: GAUGE.streamMessages, value: messages, attributes },
          { name: GAUGE.streamSize, value: bytes, attributes },
        ];
      });
    },
  });
}
