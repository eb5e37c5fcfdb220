/**
 * What lies in the outbox and the streams, as gauges of the service that owns them. Several replicas of a
 * service report the same figures: whoever shows them takes the greatest, not the sum.
 */
import type { ConsumerInfo } from "@nats-io/jetstream";
import type { Database } from "../database/postgres.ts";
import { ATTR } from "../telemetry/conventions.ts";
import { GAUGE } from "../telemetry/gauge-names.ts";
import { readGauges } from "../telemetry/reading.ts";
import { durableOf, type Subscription } from "./consumer.ts";
import { ADVISORY_STREAM, DEAD_STREAM, EVENTS_STREAM, type Nats, REDRIVE_STREAM } from "./nats/jetstream.ts";
import { type OrderedSubscription, orderedDurables } from "./ordered.ts";
import { destinationOf } from "./outbox.ts";

/** Ends the gauges. */
export type Unwatch = () => Promise<void> | void;

/** More are counted as so many: a backlog that large needs no exact figure, and counting it would be work. */
const MOST_ROWS = 100_000;

/** Rows of the outbox in `db` that are not sent, those of them that were tried before, and the age of the oldest. */
export function watchOutbox(db: Database): Unwatch {
  return readGauges({
    units: { [GAUGE.outboxUnsent]: "{row}", [GAUGE.outboxRetrying]: "{row}", [GAUGE.outboxAge]: "s" },
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

/** What consumes, as it was handed to `subscribe`, `subscribeInBatches` or `subscribeInOrder`. */
export type Watched = Pick<Subscription, "group" | "type"> | Pick<OrderedSubscription, "group" | "handlers">;

interface WatchedDurable {
  readonly name: string;
  readonly group: string;
  readonly destination: string;
}

const durablesOf = (watched: Watched): WatchedDurable[] =>
  "type" in watched
    ? [{ name: durableOf(watched), group: watched.group, destination: destinationOf(watched.type) }]
    : orderedDurables(watched.group).map((name) => ({
        name,
        group: watched.group,
        destination: destinationOf("*"),
      }));

/** Of each of their durables: what it has not given out, has in hand, gave out again, and gave up. */
export function watchConsumers(nats: Nats, watched: readonly Watched[]): Unwatch {
  const durables = watched.flatMap(durablesOf);
  return readGauges({
    units: {
      [GAUGE.consumerPending]: "{message}",
      [GAUGE.consumerAckPending]: "{message}",
      [GAUGE.consumerRedelivered]: "{message}",
      [GAUGE.deadLetters]: "{message}",
    },
    read: async () => {
      const [dead, ...consumers] = await Promise.all([
        countDead(nats),
        ...durables.map(({ name }) => nats.manager.consumers.info(EVENTS_STREAM, name)),
      ]);
      return consumers.flatMap((consumer, i) => figuresOf(consumer, durables[i] as WatchedDurable, dead));
    },
  });
}

function figuresOf(consumer: ConsumerInfo, { name, group, destination }: WatchedDurable, dead: DeadCount) {
  const attributes = {
    [ATTR.subscription]: name,
    [ATTR.consumerGroup]: group,
    [ATTR.destinationTemplate]: destination,
  };
  return [
    { name: GAUGE.consumerPending, value: consumer.num_pending, attributes },
    { name: GAUGE.consumerAckPending, value: consumer.num_ack_pending, attributes },
    { name: GAUGE.consumerRedelivered, value: consumer.num_redelivered, attributes },
    { name: GAUGE.deadLetters, value: dead(name), attributes },
  ];
}

/** Of what is no durable (`job.<queue>`, `outbox.<database>`): what it gave up. */
export function watchDeadLetters(nats: Nats, consumer: string): Unwatch {
  return readGauges({
    units: { [GAUGE.deadLetters]: "{message}" },
    read: async () => {
      const dead = await countDead(nats);
      return [
        { name: GAUGE.deadLetters, value: dead(consumer), attributes: { [ATTR.subscription]: consumer } },
      ];
    },
  });
}

type DeadCount = (consumer: string) => number;

/** Dead letters by who gave them up: subjects are `dead.<consumer>.<type>`. */
async function countDead(nats: Nats): Promise<DeadCount> {
  const { state } = await nats.manager.streams.info(DEAD_STREAM, { subjects_filter: "dead.>" });
  const counts = new Map<string, number>();
  for (const [subject, count] of Object.entries(state.subjects ?? {})) {
    const consumer = subject.split(".").slice(1, -1).join(".");
    counts.set(consumer, (counts.get(consumer) ?? 0) + count);
  }
  return (consumer) => counts.get(consumer) ?? 0;
}

/** Messages and bytes of the streams. One service does: they are everybody's. */
export function watchStreams(nats: Nats): Unwatch {
  const streams = [EVENTS_STREAM, DEAD_STREAM, REDRIVE_STREAM, ADVISORY_STREAM];
  return readGauges({
    units: { [GAUGE.streamMessages]: "{message}", [GAUGE.streamBytes]: "By" },
    read: async () => {
      const infos = await Promise.all(streams.map((name) => nats.manager.streams.info(name)));
      return infos.flatMap(({ config, state }) => {
        const attributes = { [ATTR.messagingSystem]: "nats", [ATTR.destination]: config.name };
        return [
          { name: GAUGE.streamMessages, value: state.messages, attributes },
          { name: GAUGE.streamBytes, value: state.bytes, attributes },
        ];
      });
    },
  });
}
