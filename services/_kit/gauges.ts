/**
 * What lies in the outbox and the streams, as gauges of the service that owns them. Several replicas of a
 * service report the same figures: whoever shows them takes the greatest, not the sum.
 */
import { DEAD_STREAM, EVENTS_STREAM, type Nats } from "./jetstream.ts";
import { destinationOf } from "./outbox.ts";
import type { Database } from "./postgres.ts";
import { ATTR } from "./telemetry/conventions.ts";
import { GAUGE } from "./telemetry/gauge-names.ts";
import { readGauges } from "./telemetry/reading.ts";

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
         FROM (SELECT attempts, created_ms FROM outbox WHERE sent_at IS NULL LIMIT $1) AS unsent`,
        [MOST_ROWS],
      );
      const [row] = rows;
      const oldestMs = row?.oldest == null ? Date.now() : Number(row.oldest);
      return [
        { name: GAUGE.outboxUnsent, value: Number(row?.unsent) },
        { name: GAUGE.outboxRetrying, value: Number(row?.retrying) },
        { name: GAUGE.outboxAge, value: Math.max(0, Date.now() - oldestMs) / 1e3 },
      ];
    },
  });
}

/** A durable consumer of the event stream, as `subscribe` names it. */
export interface Watched {
  readonly group: string;
  readonly type: string;
}

/** Of each of these durables: what it has not given out, has in hand, gave out again, and gave up. */
export function watchConsumers(nats: Nats, durables: readonly Watched[]): Unwatch {
  return readGauges({
    units: {
      [GAUGE.consumerPending]: "{message}",
      [GAUGE.consumerAckPending]: "{message}",
      [GAUGE.consumerRedelivered]: "{message}",
      [GAUGE.deadLetters]: "{message}",
    },
    read: async () => (await Promise.all(durables.map((durable) => figuresOf(nats, durable)))).flat(),
  });
}

async function figuresOf(nats: Nats, { group, type }: Watched) {
  const durable = `${group}-${type}`;
  const subject = `dead.${durable}`;
  const [consumer, dead] = await Promise.all([
    nats.manager.consumers.info(EVENTS_STREAM, durable),
    nats.manager.streams.info(DEAD_STREAM, { subjects_filter: subject }),
  ]);
  const attributes = {
    [ATTR.subscription]: durable,
    [ATTR.consumerGroup]: group,
    [ATTR.destinationTemplate]: destinationOf(type),
  };
  return [
    { name: GAUGE.consumerPending, value: consumer.num_pending, attributes },
    { name: GAUGE.consumerAckPending, value: consumer.num_ack_pending, attributes },
    { name: GAUGE.consumerRedelivered, value: consumer.num_redelivered, attributes },
    { name: GAUGE.deadLetters, value: dead.state.subjects?.[subject] ?? 0, attributes },
  ];
}

/** Messages and bytes of the two streams. One service does: they are everybody's. */
export function watchStreams(nats: Nats): Unwatch {
  const streams = [EVENTS_STREAM, DEAD_STREAM];
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
