/** The work after the answer: messages and jobs, and their waiting times. */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { ATTR, BATON, GAUGE, METRIC } from "../../services/_kit/telemetry/conventions.ts";
import { dashboard } from "../dashboard.ts";
import { oneOf, orZero, perSecond, quantile } from "../expr.ts";
import { label, series, unitOf } from "../names.ts";
import { lines } from "../panel.ts";

const WAIT = series(METRIC.messageWait);
const KIND = label(BATON.waitKind);
const PROCESS = series(METRIC.processDuration);
const DURABLE = label(ATTR.subscription);
const OWNER = label(BATON.deadLetterOwner);
const QUEUE_NAME = label(ATTR.destination);
const STATE = label(BATON.queueState);
const GROUP = label(ATTR.consumerGroup);
const ERROR = label(ATTR.errorType);
/** Events have a template, jobs a queue and a name of their own. */
const [TEMPLATE, JOB] = [label(ATTR.destinationTemplate), label(BATON.jobName)];
const WHAT = `${TEMPLATE}, ${QUEUE_NAME}, ${JOB}`;
const NAMED = `{{${TEMPLATE}}}{{${QUEUE_NAME}}} {{${JOB}}}`;

export const pipeline = dashboard(
  {
    name: "pipeline",
    title: "Baton: asynchronous pipeline",
    description: "Outbox, stream and queue: how long messages wait, the backlogs, retries and dead letters.",
  },
  {
    title: "Waiting times",
    panels: [
      lines(
        {
          title: "Half of the messages wait",
          description:
            "Outbox: from commit to sending. Stream: from storing to the handler. Job: from when it could run.",
          unit: unitOf(METRIC.messageWait),
        },
        { expr: quantile(0.5, WAIT, KIND), legend: `{{${KIND}}}` },
      ),
      lines(
        {
          title: "99 of 100 wait at most",
          description:
            "Much longer than half of the messages: look for one bucket, one durable or one poison message.",
          unit: unitOf(METRIC.messageWait),
        },
        { expr: quantile(0.99, WAIT, KIND), legend: `{{${KIND}}}` },
      ),
      lines(
        {
          title: "By destination, 99 of 100",
          description: "Which events and jobs wait.",
          unit: unitOf(METRIC.messageWait),
        },
        {
          expr: quantile(0.99, WAIT, `${KIND}, ${WHAT}`),
          legend: `{{${KIND}}} ${NAMED}`,
        },
      ),
    ],
  },
  {
    title: "Depth and lag",
    panels: [
      lines(
        {
          title: "Outbox: rows not yet sent",
          description: "They grow while NATS is unreachable and drain when it is back.",
          unit: unitOf(GAUGE.outboxUnsent),
          width: 6,
        },
        { expr: oneOf(series(GAUGE.outboxUnsent), "job"), legend: "{{job}}" },
        { expr: oneOf(series(GAUGE.outboxRetrying), "job"), legend: "{{job}}, tried before" },
      ),
      lines(
        {
          title: "Outbox: age of the oldest row",
          description: "The wait of the oldest event: many young rows are load, one old row is a fault.",
          unit: unitOf(GAUGE.outboxAge),
          width: 6,
        },
        { expr: oneOf(series(GAUGE.outboxAge), "job"), legend: "{{job}}" },
      ),
      lines(
        {
          title: "Stream: lag of each durable",
          description: "One that lags while the others do not has a slow or stopped consumer.",
          unit: unitOf(GAUGE.consumerPending),
          width: 6,
        },
        { expr: oneOf(series(GAUGE.consumerPending), DURABLE), legend: `{{${DURABLE}}}` },
      ),
      lines(
        {
          title: "Queue: jobs by state",
          description:
            "Waiting, active, delayed (a retry that is not due yet), waiting for children, failed.",
          unit: unitOf(GAUGE.queueJobs),
          width: 6,
        },
        {
          expr: oneOf(series(GAUGE.queueJobs), `${QUEUE_NAME}, ${STATE}`),
          legend: `{{${QUEUE_NAME}}} {{${STATE}}}`,
        },
      ),
    ],
  },
  {
    title: "Retries and dead letters",
    panels: [
      lines(
        {
          title: "Deliveries that failed",
          description:
            "Failed attempts by their error. Most retries succeed; after five attempts it is a dead letter.",
          unit: units.CountsPerSecond,
          width: 6,
        },
        {
          expr: orZero(
            perSecond(`${PROCESS}_count`, `${WHAT}, ${ERROR}`, `${ERROR}!=""`),
            perSecond(`${PROCESS}_count`, WHAT),
          ),
          legend: `${NAMED} {{${ERROR}}}`,
        },
      ),
      lines(
        {
          title: "Being delivered again",
          description: "Above 0 for long: the consumer fails at the same messages again and again.",
          unit: unitOf(GAUGE.consumerRedelivered),
          width: 6,
        },
        { expr: oneOf(series(GAUGE.consumerRedelivered), DURABLE), legend: `{{${DURABLE}}}` },
      ),
      lines(
        {
          title: "Delivered, not acknowledged",
          description: "Work in progress. At the limit of 256 the durable gives out no more.",
          unit: unitOf(GAUGE.consumerAckPending),
          width: 6,
        },
        { expr: oneOf(series(GAUGE.consumerAckPending), DURABLE), legend: `{{${DURABLE}}}` },
      ),
      lines(
        {
          title: "Dead letters",
          description: "Kept until they age out; npm run redrive hands one back to its consumer.",
          unit: unitOf(GAUGE.deadLetters),
          width: 6,
        },
        { expr: oneOf(series(GAUGE.deadLetters), OWNER), legend: `{{${OWNER}}}` },
      ),
    ],
  },
  {
    title: "Throughput",
    panels: [
      lines(
        {
          title: "Sent",
          description: "Events from the relay and jobs from services, attempts that failed among them.",
          unit: units.CountsPerSecond,
        },
        { expr: perSecond(series(METRIC.sentMessages), WHAT), legend: NAMED },
      ),
      lines(
        {
          title: "Consumed",
          description:
            "Once per delivery and consumer group: an event with four subscribers counts four times.",
          unit: units.CountsPerSecond,
        },
        {
          expr: perSecond(series(METRIC.consumedMessages), `${WHAT}, ${GROUP}`),
          legend: `{{${GROUP}}} ${NAMED}`,
        },
      ),
      lines(
        {
          title: "Work per message, 99 of 100",
          description:
            "The handler's time without waiting, and the time that the stream takes to store a message.",
          unit: unitOf(METRIC.processDuration),
        },
        { expr: quantile(0.99, PROCESS, WHAT), legend: `process ${NAMED}` },
        {
          expr: quantile(0.99, series(METRIC.operationDuration), WHAT, `${label(ATTR.operationType)}="send"`),
          legend: `send ${NAMED}`,
        },
      ),
    ],
  },
);
