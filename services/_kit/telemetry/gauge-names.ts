/**
 * Names of the gauges that are read when metrics are collected, and of their attributes. No convention has them:
 * OpenTelemetry's messaging metrics count messages that pass, not the backlog. Imports nothing, as `conventions.ts`.
 */

/** Gauges. Their units are in `_kit/events/gauges.ts` and `dashboards/metrics.ts`. */
export const GAUGE = {
  /** The outbox's backlog: rows that are not in the stream yet. */
  outboxUnsent: "baton.outbox.unsent",
  /** Rows of the backlog that were tried before. */
  outboxRetrying: "baton.outbox.retrying",
  /** The age of the oldest row of the backlog. */
  outboxAge: "baton.outbox.age",
  /** By durable: messages that were not delivered yet. */
  consumerPending: "baton.consumer.pending",
  /** By durable: delivered and not acknowledged. */
  consumerAckPending: "baton.consumer.ack_pending",
  /** By durable: delivered more than once and not acknowledged. */
  consumerRedelivered: "baton.consumer.redelivered",
  /** By durable: its dead letters. */
  deadLetters: "baton.dead_letters",
  /** By queue and state. */
  queueJobs: "baton.queue.jobs",
  /** By stream. */
  streamMessages: "baton.stream.messages",
  streamBytes: "baton.stream.bytes",
  /** Server-sent event streams that clients hold open. */
  sseOpen: "baton.sse.open",
} as const;

/** BullMQ's name for a job's state: `waiting`, `active`, `delayed`, … */
export const QUEUE_STATE = "baton.queue.state";
