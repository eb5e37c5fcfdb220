/** NATS, Redis and Postgres: their own figures, and their latency in the services. */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { ATTR, GAUGE, LIBRARY, METRIC } from "../../services/_kit/telemetry/conventions.ts";
import { dashboard } from "../dashboard.ts";
import { oneOf, perSecond, quantile } from "../expr.ts";
import { label, series, unitOf } from "../names.ts";
import { lines } from "../panel.ts";

const STREAM = label(ATTR.destination);
const POOL_STATE = label(ATTR.poolState);

export const servers = dashboard(
  {
    name: "servers",
    title: "Baton: brokers and databases",
    description: "JetStream from its clients, Redis and Postgres from the Collector's receivers.",
  },
  {
    title: "NATS JetStream",
    panels: [
      lines(
        {
          title: "Messages in the streams",
          description: "Kept for a day or 256 MiB, whichever comes first.",
          unit: unitOf(GAUGE.streamMessages),
        },
        {
          expr: oneOf(series(GAUGE.streamMessages), STREAM),
          legend: `{{${STREAM}}}`,
        },
      ),
      lines(
        {
          title: "Size of the streams",
          description: "At 268 MB the oldest messages are deleted, read or not.",
          unit: unitOf(GAUGE.streamSize),
        },
        {
          expr: oneOf(series(GAUGE.streamSize), STREAM),
          legend: `{{${STREAM}}}`,
        },
      ),
      lines(
        {
          title: "Time to store a message",
          description:
            "From sending to the stream's acknowledgement. It rises with a slow disk or a lost replica.",
          unit: unitOf(METRIC.operationDuration),
        },
        {
          expr: quantile(
            0.99,
            series(METRIC.operationDuration),
            "job",
            `${label(ATTR.messagingSystem)}="nats"`,
          ),
          legend: "{{job}} 99 of 100",
        },
      ),
    ],
  },
  {
    title: "Redis",
    panels: [
      lines(
        {
          title: "Commands a second",
          description: "BullMQ polls, so some tens a second are normal without load.",
          unit: units.OpsPerSecond,
        },
        { expr: "sum(rate(redis_commands_processed_total[$__rate_interval]))", legend: "commands" },
      ),
      lines(
        {
          title: "Memory",
          description:
            "Nothing may be evicted (noeviction), because jobs would be lost. When it is full, adding a job fails.",
          unit: units.BytesIEC,
        },
        { expr: "max(redis_memory_used_bytes)", legend: "used" },
        { expr: "max(redis_memory_rss_bytes)", legend: "resident" },
      ),
      lines(
        {
          title: "Clients",
          description: "Each service with a queue has a few. Blocked ones wait for a job, which is normal.",
          unit: units.Short,
        },
        { expr: "max(redis_clients_connected)", legend: "connected" },
        { expr: "max(redis_clients_blocked)", legend: "blocked" },
      ),
    ],
  },
  {
    title: "Postgres",
    panels: [
      lines(
        {
          title: "Transactions a second",
          description: "Committed and rolled back, by database.",
          unit: units.OpsPerSecond,
        },
        {
          expr: perSecond("postgresql_commits_total", "postgresql_database_name"),
          legend: "{{postgresql_database_name}} committed",
        },
        {
          expr: perSecond("postgresql_rollbacks_total", "postgresql_database_name"),
          legend: "{{postgresql_database_name}} rolled back",
        },
      ),
      lines(
        {
          title: "Connections",
          description: "By database, and the server's limit.",
          unit: units.Short,
        },
        {
          expr: oneOf("postgresql_backends", "postgresql_database_name"),
          legend: "{{postgresql_database_name}}",
        },
        { expr: "max(postgresql_connection_max)", legend: "allowed" },
      ),
      lines(
        { title: "Size", description: "Of each service's own database.", unit: units.BytesIEC },
        {
          expr: oneOf("postgresql_db_size_bytes", "postgresql_database_name"),
          legend: "{{postgresql_database_name}}",
        },
      ),
    ],
  },
  {
    title: "As seen by the services",
    panels: [
      lines(
        {
          title: "Statements, 99 of 100",
          description: "The time that the client waits, by service.",
          unit: unitOf(LIBRARY.dbDuration),
          width: 12,
        },
        { expr: quantile(0.99, series(LIBRARY.dbDuration), "job"), legend: "{{job}}" },
      ),
      lines(
        {
          title: "Connection pools",
          description:
            "In use and idle; waiting above 0 means that the pool is too small or a transaction too long.",
          unit: unitOf(LIBRARY.poolConnections),
          width: 12,
        },
        {
          expr: `sum by (job, ${POOL_STATE}) (${series(LIBRARY.poolConnections)})`,
          legend: `{{job}} {{${POOL_STATE}}}`,
        },
        { expr: `sum by (job) (${series(LIBRARY.poolPending)})`, legend: "{{job}} waiting" },
      ),
    ],
  },
);
