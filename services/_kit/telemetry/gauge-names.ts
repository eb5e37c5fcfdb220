/**
 * Names of what is read off when metrics are collected, and of the attributes that tell its points apart. None has a
 * convention: OpenTelemetry's messaging metrics count what passes, not what lies. Imports nothing, as `conventions.ts`.
 */

/** Gauges. Their units stand with them in `_kit/events/gauges.ts` and `dashboards/metrics.ts`. */
export const GAUGE = {
  /** Rows of the outbox that are not in the stream yet. */
  outboxUnsent: "baton.outbox.unsent",
  /** Those of them that were tried before. */
  outboxRetrying: "baton.outbox.retrying",
  /** How long the oldest of them has been there. */
  outboxAge: "baton.outbox.age",
  /** By durable: messages that it has not given out yet. */
  consumerPending: "baton.consumer.pending",
  /** By durable: given out and not acknowledged. */
  consumerAckPending: "baton.consumer.ack_pending",
  /** By durable: given out more than once and not acknowledged. */
  consumerRedelivered: "baton.consumer.redelivered",
  /** By durable: messages that it gave up. */
  deadLetters: "baton.dead_letters",
  /** By queue and state. */
  queueJobs: "baton.queue.jobs",
  /** By stream. */
  streamMessages: "baton.stream.messages",
  streamBytes: "baton.stream.bytes",
  /** Server-sent event streams that clients hold open. */
  sseOpen: "baton.sse.open",
} as const;

/** `waiting`, `active`, `delayed`, … : what BullMQ calls a job's state. */
export const QUEUE_STATE = "baton.queue.state";
