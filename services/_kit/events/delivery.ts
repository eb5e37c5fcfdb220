/**
 * One delivery of a message or a job to its handler: the CONSUMER span `process X`, its place, its waits, its
 * outcome. Events and jobs come through here, so that both look alike in a trace.
 */
import { context, type SpanContext, SpanKind, trace } from "@opentelemetry/api";
import { AppError } from "../process/errors.ts";
import { ATTR, BATON, METRIC } from "../telemetry/conventions.ts";
import { withAttempt } from "../telemetry/faults.ts";
import type { Logger } from "../telemetry/log.ts";
import { counter, seconds } from "../telemetry/metrics.ts";
import { type AsyncMode, type Handover, type Moment, place } from "../telemetry/propagation.ts";
import { errorType, fail, startSpan } from "../telemetry/span.ts";

export type WaitKind = "outbox" | "stream" | "job";

/** Time in which the message lay somewhere, in ms; below 0 (clocks differ) counts as 0. */
export interface Wait {
  readonly kind: WaitKind;
  readonly ms: number;
  /** What a job waited for. */
  readonly since?: "added" | "delay" | "children" | "retry";
}

export interface Delivery {
  /** `messaging.system`. */
  readonly system: string;
  /** Low-cardinality name, e.g. `events.OrderConfirmed`: the span is called `process <destination>`. */
  readonly destination: string;
  readonly group: string;
  readonly messageId: string;
  /** From 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly handover: Handover;
  readonly waits: readonly Wait[];
  /** What only this broker knows: partition, subscription. */
  readonly attributes?: Record<string, string | number>;
}

/** How it ended: done, to come again, or given up. */
export type Outcome =
  | { readonly kind: "ack"; readonly span: SpanContext }
  | { readonly kind: "retry" | "dead-letter"; readonly span: SpanContext; readonly error: AppError };

/** What no further attempt can mend: the message itself is wrong. */
const POISON = new Set(["malformed", "invalid"]);

/**
 * Runs `work` for one delivery. Never throws: the outcome says what the broker is to be told. An outage of what we work with
 * is waited out in hand, and then there is a further attempt: no message is given up because a database was away for long.
 */
export async function deliver(
  delivery: Delivery,
  moment: Moment,
  mode: AsyncMode,
  log: Logger,
  work: () => Promise<void>,
): Promise<Outcome> {
  let current = delivery;
  for (;;) {
    const outcome = await attempt(current, moment, mode, log, work);
    if (outcome.kind !== "retry" || outcome.error.over === undefined) return outcome;
    try {
      await outcome.error.over();
    } catch {
      // We are to stop: it comes again, here or elsewhere.
      return outcome;
    }
    current = {
      ...current,
      attempt: current.attempt + 1,
      maxAttempts: current.maxAttempts + 1,
      handover: { ...current.handover, previousAttempt: outcome.span },
      // It lay nowhere but here.
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
  const { ctx, options } = place(moment, delivery.handover, mode);
  const labels = {
    [ATTR.messagingSystem]: delivery.system,
    [ATTR.operationName]: "process",
    [ATTR.destinationTemplate]: delivery.destination,
    [ATTR.consumerGroup]: delivery.group,
  };
  const span = startSpan(
    `process ${delivery.destination}`,
    {
      ...options,
      kind: SpanKind.CONSUMER,
      attributes: {
        ...labels,
        [ATTR.operationType]: "process",
        [ATTR.messageId]: delivery.messageId,
        [BATON.attempt]: delivery.attempt,
        ...waitAttributes(delivery),
        ...delivery.attributes,
      },
    },
    ctx,
  );
  const startedMs = performance.now();
  const inside = withAttempt(trace.setSpan(ctx, span), delivery.attempt);
  counter(METRIC.consumedMessages).add(1, labels);
  let outcome: Outcome = { kind: "ack", span: span.spanContext() };
  try {
    await context.with(inside, work);
  } catch (thrown) {
    const error = AppError.from(thrown);
    const usedUp = delivery.attempt >= delivery.maxAttempts && error.over === undefined;
    const final = usedUp || POISON.has(error.code);
    outcome = { kind: final ? "dead-letter" : "retry", span: span.spanContext(), error };
    fail(span, errorType(error), error.message);
    const told = { err: thrown, attempt: delivery.attempt, of: delivery.maxAttempts, outcome: outcome.kind };
    context.with(inside, () => log.warn(told, `could not process ${delivery.destination}`));
  }
  span.setAttribute(BATON.outcome, outcome.kind);
  span.end();
  seconds(METRIC.processDuration).record((performance.now() - startedMs) / 1e3, {
    ...labels,
    ...(outcome.kind === "ack" ? {} : { [ATTR.errorType]: errorType(outcome.error) }),
  });
  return outcome;
}

const WAIT_ATTRIBUTE: Record<WaitKind, string> = {
  outbox: BATON.waitOutbox,
  stream: BATON.waitStream,
  job: BATON.waitJob,
};

function waitAttributes(delivery: Delivery): Record<string, string | number> {
  const attributes: Record<string, string | number> = {};
  for (const wait of delivery.waits) {
    const s = Math.max(0, wait.ms) / 1e3;
    attributes[WAIT_ATTRIBUTE[wait.kind]] = s;
    if (wait.since) attributes[BATON.waitJobSince] = wait.since;
    seconds(METRIC.messageWait).record(s, {
      [METRIC.waitKind]: wait.kind,
      [ATTR.destinationTemplate]: delivery.destination,
    });
  }
  return attributes;
}
