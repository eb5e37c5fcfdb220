/** Does the work after the answer get done? */
import { ATTR, BATON, GAUGE } from "../../services/_kit/telemetry/conventions.ts";
import { oneOf } from "../expr.ts";
import { label, series } from "../names.ts";
import type { AlertGroup } from "./alert.ts";

const DURABLE = label(ATTR.subscription);
const OWNER = label(BATON.deadLetterOwner);
const QUEUE_NAME = label(ATTR.destination);
const FAILED = `${series(GAUGE.queueJobs)}{${label(BATON.queueState)}="failed"}`;
/** A label of the alert, in its texts. */
const says = (name: string): string => `{{ $labels.${name} }}`;

export const pipelineAlerts: AlertGroup = {
  name: "pipeline",
  alerts: [
    {
      alert: "OutboxStuck",
      expr: `${oneOf(series(GAUGE.outboxAge), "job")} > 30`,
      severity: "page",
      summary: `Events of ${says("job")} are not sent`,
      description: "The oldest event in its outbox has waited for {{ $value | humanizeDuration }}.",
      runbook:
        "Fires when NATS is stopped for half a minute, or when no relay of the service runs. Nothing is lost: the rows " +
        `are sent in order when it is back. The service's log says "an event could not be sent".`,
    },
    {
      alert: "ConsumerLags",
      expr: `${oneOf(series(GAUGE.consumerPending), DURABLE)} > 500`,
      for: "1m",
      severity: "ticket",
      summary: `${says(DURABLE)} falls behind`,
      description: "{{ $value | humanize }} messages wait in the stream for it.",
      runbook:
        "Fires when the consuming service is stopped or paused under load. A running one that lags needs replicas: " +
        `see "Work per message" on the pipeline's dashboard.`,
    },
    {
      alert: "MessagesComeAgain",
      expr: `${oneOf(series(GAUGE.consumerRedelivered), DURABLE)} > 0`,
      for: "1m",
      severity: "ticket",
      summary: `${says(DURABLE)} fails again and again`,
      description:
        "{{ $value | humanize }} messages were delivered more than once and are not acknowledged yet.",
      runbook:
        `Fires when a consumer's database is unreachable for a minute. The failed \`process\` spans have \`${ATTR.errorType}\`, ` +
        "and each attempt links to the one before it.",
    },
    {
      alert: "DeadLetters",
      expr: `${oneOf(series(GAUGE.deadLetters), OWNER)} > 0`,
      severity: "page",
      summary: `${says(OWNER)} has given up messages`,
      description: "{{ $value | humanize }} messages are in the dead-letter stream.",
      runbook:
        "Fires on the first event that is no JSON or lacks a field. The message keeps its headers: its traceparent " +
        "leads to its sender, `Baton-Dead-Reason` says why it was given up.",
    },
    {
      alert: "JobsFail",
      expr: `${oneOf(FAILED, QUEUE_NAME)} > 0`,
      severity: "ticket",
      summary: `Jobs of the queue ${says(QUEUE_NAME)} have used up their attempts`,
      description: "{{ $value | humanize }} jobs are kept as failed.",
      runbook:
        "Fires when shipping or notifications lacks its database for longer than five attempts take (some 6 s). The " +
        "last `process` span of the job says why.",
    },
  ],
};
