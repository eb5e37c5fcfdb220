/**
 * What any log record may say beside its text. Rendered from telemetry/registry/ by `npm run render`. Imports nothing,
 * as `conventions.ts`.
 */
export interface LogFields {
  /** The id that the edge decided. On every span and log record of a request. */
  readonly "correlation.id"?: string;
  /** The class of an error. */
  readonly "exception.type"?: string;
  /** What it says. */
  readonly "exception.message"?: string;
  /** Where it was thrown. */
  readonly "exception.stacktrace"?: string;
  /** What kind of failure it was; the same on the span and on the metric. One of few. */
  readonly "error.type"?: string;
  /** The method with its package and service; `_OTHER` when there is none of that name. */
  readonly "rpc.method"?: string;
  /** Id of the event or the job, however often it is sent or tried. */
  readonly "messaging.message.id"?: string;
  /** The subject of an event, the queue of a job. */
  readonly "messaging.destination.name"?: string;
  /** The durable consumer. */
  readonly "messaging.destination.subscription.name"?: string;
  /** Who gave a message up, as `npm run redrive` calls it: a subscription, `job.<queue>` or `outbox.<database>`. */
  readonly "baton.dead_letter.owner"?: string;
  /** Which try of a bounded delivery this is, from 1. */
  readonly "baton.delivery.attempt"?: number;
  /** How many tries there are before it is given up. */
  readonly "baton.delivery.max_attempts"?: number;
  /** How the delivery ended. */
  readonly "baton.delivery.outcome"?: "ack" | "retry" | "dead-letter";
  /** The signal that a process stops by. */
  readonly "baton.stop.signal"?: string;
}
