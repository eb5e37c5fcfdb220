/** The work after the answer: messages and jobs, and their waiting times. */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { dashboard } from "./dashboard.ts";
import { oneOf, orZero, perSecond, quantile } from "./expr.ts";
import { lines } from "./panel.ts";

const WAIT = "baton_message_wait_seconds";
const PROCESS = "messaging_process_duration_seconds";
const DURABLE = "messaging_destination_subscription_name";
const OWNER = "baton_dead_letter_owner";
/** Events have a template, jobs a queue and a name of their own. */
const WHAT = "messaging_destination_template, messaging_destination_name, baton_job_name";
const NAMED = "{{messaging_destination_template}}{{messaging_destination_name}} {{baton_job_name}}";

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
          unit: units.Seconds,
        },
        { expr: quantile(0.5, WAIT, "baton_wait_kind"), legend: "{{baton_wait_kind}}" },
      ),
      lines(
        {
          title: "99 of 100 wait at most",
          description:
            "Much longer than half of the messages: look for one bucket, one durable or one poison message.",
          unit: units.Seconds,
        },
        { expr: quantile(0.99, WAIT, "baton_wait_kind"), legend: "{{baton_wait_kind}}" },
      ),
      lines(
        {
          title: "By destination, 99 of 100",
          description: "Which events and jobs wait.",
          unit: units.Seconds,
        },
        {
          expr: quantile(0.99, WAIT, `baton_wait_kind, ${WHAT}`),
          legend: `{{baton_wait_kind}} ${NAMED}`,
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
          description:
            "Committed, but not in the stream. It grows while NATS is unreachable and drains when it is back.",
          unit: units.Short,
          width: 6,
        },
        { expr: oneOf("baton_outbox_unsent", "job"), legend: "{{job}}" },
        { expr: oneOf("baton_outbox_retrying", "job"), legend: "{{job}}, tried before" },
      ),
      lines(
        {
          title: "Outbox: age of the oldest row",
          description: "The wait of the oldest event: many young rows are load, one old row is a fault.",
          unit: units.Seconds,
          width: 6,
        },
        { expr: oneOf("baton_outbox_age_seconds", "job"), legend: "{{job}}" },
      ),
      lines(
        {
          title: "Stream: lag of each durable",
          description: "Messages in the stream that have not been delivered to its consumer yet.",
          unit: units.Short,
          width: 6,
        },
        { expr: oneOf("baton_consumer_pending", DURABLE), legend: `{{${DURABLE}}}` },
      ),
      lines(
        {
          title: "Queue: jobs by state",
          description:
            "Waiting, active, delayed (a retry that is not due yet), waiting for children, failed.",
          unit: units.Short,
          width: 6,
        },
        {
          expr: oneOf("baton_queue_jobs", "messaging_destination_name, baton_queue_state"),
          legend: "{{messaging_destination_name}} {{baton_queue_state}}",
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
            perSecond(`${PROCESS}_count`, `${WHAT}, error_type`, 'error_type!=""'),
            perSecond(`${PROCESS}_count`, WHAT),
          ),
          legend: `${NAMED} {{error_type}}`,
        },
      ),
      lines(
        {
          title: "Being delivered again",
          description:
            "Messages of each durable that were delivered more than once and are not acknowledged yet.",
          unit: units.Short,
          width: 6,
        },
        { expr: oneOf("baton_consumer_redelivered", DURABLE), legend: `{{${DURABLE}}}` },
      ),
      lines(
        {
          title: "Delivered, not acknowledged",
          description: "Work in progress. At the limit of 256 the durable delivers no more.",
          unit: units.Short,
          width: 6,
        },
        { expr: oneOf("baton_consumer_ack_pending", DURABLE), legend: `{{${DURABLE}}}` },
      ),
      lines(
        {
          title: "Dead letters",
          description: "Messages whose attempts all failed, by what gave them up, until they age out.",
          unit: units.Short,
          width: 6,
        },
        { expr: oneOf("baton_dead_letters", OWNER), legend: `{{${OWNER}}}` },
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
        { expr: perSecond("messaging_client_sent_messages_total", WHAT), legend: NAMED },
      ),
      lines(
        {
          title: "Consumed",
          description:
            "Once per delivery and consumer group: an event with four subscribers counts four times.",
          unit: units.CountsPerSecond,
        },
        {
          expr: perSecond(
            "messaging_client_consumed_messages_total",
            `${WHAT}, messaging_consumer_group_name`,
          ),
          legend: `{{messaging_consumer_group_name}} ${NAMED}`,
        },
      ),
      lines(
        {
          title: "Work per message, 99 of 100",
          description:
            "The handler's time without waiting, and the time that the stream takes to store a message.",
          unit: units.Seconds,
        },
        { expr: quantile(0.99, PROCESS, WHAT), legend: `process ${NAMED}` },
        {
          expr: quantile(
            0.99,
            "messaging_client_operation_duration_seconds",
            WHAT,
            'messaging_operation_type="send"',
          ),
          legend: `send ${NAMED}`,
        },
      ),
    ],
  },
);
