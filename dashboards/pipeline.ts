/** What comes after the answer: messages and jobs, and the time in which they lay somewhere. */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { dashboard } from "./dashboard.ts";
import { oneOf, orZero, perSecond, quantile } from "./expr.ts";
import { lines } from "./panel.ts";

const WAIT = "baton_message_wait_seconds";
const PROCESS = "messaging_process_duration_seconds";
const DURABLE = "messaging_destination_subscription_name";
const TEMPLATE = "messaging_destination_template";

export const pipeline = dashboard(
  {
    name: "pipeline",
    title: "Baton: asynchronous pipeline",
    description:
      "Outbox, stream and queue: how long messages wait, how many lie there, which come again or are given up.",
  },
  {
    title: "Waiting, while nobody works",
    panels: [
      lines(
        {
          title: "Half of the messages wait",
          description:
            "Outbox: from commit to sending. Stream: from storing to the handler. Job: from when it could first have run.",
          unit: units.Seconds,
        },
        { expr: quantile(0.5, WAIT, "baton_wait_kind"), legend: "{{baton_wait_kind}}" },
      ),
      lines(
        {
          title: "99 of 100 wait at most",
          description:
            "A long tail with a short half points to one bucket, one durable or one poison message.",
          unit: units.Seconds,
        },
        { expr: quantile(0.99, WAIT, "baton_wait_kind"), legend: "{{baton_wait_kind}}" },
      ),
      lines(
        {
          title: "By destination, 99 of 100",
          description: "Which event or job it is that waits.",
          unit: units.Seconds,
        },
        {
          expr: quantile(0.99, WAIT, `baton_wait_kind, ${TEMPLATE}`),
          legend: `{{baton_wait_kind}} {{${TEMPLATE}}}`,
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
            "Committed and not in the stream. It grows while NATS is away and empties when it is back.",
          unit: units.Short,
          width: 6,
        },
        { expr: oneOf("baton_outbox_unsent", "job"), legend: "{{job}}" },
        { expr: oneOf("baton_outbox_retrying", "job"), legend: "{{job}}, tried before" },
      ),
      lines(
        {
          title: "Outbox: age of the oldest row",
          description: "What counts for whoever waits: many young rows are load, one old row is a fault.",
          unit: units.Seconds,
          width: 6,
        },
        { expr: oneOf("baton_outbox_age_seconds", "job"), legend: "{{job}}" },
      ),
      lines(
        {
          title: "Stream: lag of each durable",
          description: "Messages in the stream that its consumer has not been given yet.",
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
    title: "Again, and given up",
    panels: [
      lines(
        {
          title: "Deliveries that failed",
          description:
            "Attempts by their error. Most are tried again and succeed; the last of five is given up.",
          unit: units.CountsPerSecond,
          width: 6,
        },
        {
          expr: orZero(
            perSecond(`${PROCESS}_count`, `${TEMPLATE}, error_type`, 'error_type!=""'),
            perSecond(`${PROCESS}_count`, TEMPLATE),
          ),
          legend: `{{${TEMPLATE}}} {{error_type}}`,
        },
      ),
      lines(
        {
          title: "Being delivered again",
          description:
            "Messages of each durable that were given out more than once and are not acknowledged yet.",
          unit: units.Short,
          width: 6,
        },
        { expr: oneOf("baton_consumer_redelivered", DURABLE), legend: `{{${DURABLE}}}` },
      ),
      lines(
        {
          title: "Given out, not acknowledged",
          description: "Work in hand. Standing at the limit of 256, the durable stops giving out.",
          unit: units.Short,
          width: 6,
        },
        { expr: oneOf("baton_consumer_ack_pending", DURABLE), legend: `{{${DURABLE}}}` },
      ),
      lines(
        {
          title: "Dead letters",
          description:
            "Messages that no attempt could mend, by the durable that gave up, until they age out.",
          unit: units.Short,
          width: 6,
        },
        { expr: oneOf("baton_dead_letters", DURABLE), legend: `{{${DURABLE}}}` },
      ),
    ],
  },
  {
    title: "Throughput",
    panels: [
      lines(
        {
          title: "Sent",
          description: "Events by the relay and jobs by whoever adds them, as the broker acknowledged them.",
          unit: units.CountsPerSecond,
        },
        { expr: perSecond("messaging_client_sent_messages_total", TEMPLATE), legend: `{{${TEMPLATE}}}` },
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
            `${TEMPLATE}, messaging_consumer_group_name`,
          ),
          legend: `{{messaging_consumer_group_name}} {{${TEMPLATE}}}`,
        },
      ),
      lines(
        {
          title: "Work per message, 99 of 100",
          description:
            "The handler alone, without any waiting; and how long the stream takes to store what is sent.",
          unit: units.Seconds,
        },
        { expr: quantile(0.99, PROCESS, TEMPLATE), legend: `process {{${TEMPLATE}}}` },
        {
          expr: quantile(0.99, "messaging_client_operation_duration_seconds", TEMPLATE),
          legend: `send {{${TEMPLATE}}}`,
        },
      ),
    ],
  },
);
