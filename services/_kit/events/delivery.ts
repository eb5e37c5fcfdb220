/**
 * One delivery of a message or a job to its handler: runs it in a span `process X`, counts it, and decides its outcome.
 * It is used for events and for jobs, so that both look alike in a trace.
 */
import type { Attributes, Context, SpanContext } from "@opentelemetry/api";
import { AppError } from "../process/errors.ts";
import { ATTR, BATON, METRIC } from "../telemetry/conventions.ts";
import { labelsOf } from "../telemetry/destination.ts";
import { withAttempt } from "../telemetry/faults.ts";
import type { Logger } from "../telemetry/log.ts";
import { counter, seconds } from "../telemetry/metrics.ts";
import type { AsyncMode, Moment } from "../telemetry/propagation.ts";
import { inProcessSpan, secondsOf, type TracedDelivery } from "./tracing.ts";

/** A delivery, with its maximum of attempts. */
export interface Delivery extends TracedDelivery {
  readonly maxAttempts: number;
}

/** How a delivery ended: done, to be retried, or a dead letter. */
export type Outcome =
  | { readonly kind: "ack"; readonly span: SpanContext }
  | { readonly kind: "retry" | "dead-letter"; readonly span: SpanContext; readonly error: AppError };

/** Errors that no retry can help, because the message itself is wrong. */
const POISON = new Set(["malformed", "invalid"]);

/**
 * Runs `work` for one delivery. Never throws: the outcome says what to tell the broker. During an outage of a
 * dependency the message waits in hand and then gets an additional attempt, so that a long outage of a database makes
 * no dead letters.
 */
export async function deliver(
  delivery: Delivery,
  moment: Moment,
  mode: AsyncMode,
  log: Logger,
  work: () => Promise<void>,
): Promise<Outcome> {
  // Messages of a batch are counted when they are received.
  if (moment !== "process in batch") counter(METRIC.consumedMessages).add(1, labelsOf("process", delivery));
  let current = delivery;
  for (;;) {
    const outcome = await attempt(current, moment, mode, log, work);
    if (outcome.kind !== "retry" || outcome.error.over === undefined) return outcome;
    try {
      await outcome.error.over();
    } catch {
      // The service stops: the message will be redelivered, here or elsewhere.
      return outcome;
    }
    current = {
      ...current,
      attempt: current.attempt + 1,
      maxAttempts: current.maxAttempts + 1,
      handover: { ...current.handover, previousAttempt: outcome.span },
      // It waited in hand, which is none of these waits.
      waits: [],
    };
  }
}

async function attempt(
  delivery: Delivery,
  moment: Moment,
  mode: AsyncMode,
  log: Logger,
  work: () => Promise<void>,
): Promise<Outcome> {
  for (const wait of delivery.waits) {
    const labels = { [BATON.waitKind]: wait.kind, ...kindOf(delivery) };
    seconds(METRIC.messageWait).record(secondsOf(wait.ms), labels);
  }
  const startedMs = performance.now();
  const enter = (ctx: Context) => withAttempt(ctx, delivery.attempt);
  const outcome = await inProcessSpan(delivery, { moment, mode, enter }, async (span): Promise<Outcome> => {
    try {
      await work();
      return { kind: "ack", span };
    } catch (thrown) {
      const error = AppError.from(thrown);
      const usedUp = delivery.attempt >= delivery.maxAttempts && error.over === undefined;
      const kind = usedUp || POISON.has(error.code) ? "dead-letter" : "retry";
      log.warn(
        {
          err: thrown,
          [BATON.attempt]: delivery.attempt,
          [BATON.maxAttempts]: delivery.maxAttempts,
          [BATON.outcome]: kind,
        },
        `could not process ${delivery.name}`,
      );
      return { kind, span, error };
    }
  });
  seconds(METRIC.processDuration).record((performance.now() - startedMs) / 1e3, {
    ...labelsOf("process", delivery),
    ...(outcome.kind === "ack" ? {} : { [ATTR.errorType]: outcome.error.errorType }),
  });
  return outcome;
}

const KIND = [ATTR.destinationTemplate, ATTR.destination, BATON.jobName];

/** Which events or jobs they are: the same for each of their consumers. */
const kindOf = ({ labels }: Delivery): Attributes =>
  Object.fromEntries(KIND.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])));
