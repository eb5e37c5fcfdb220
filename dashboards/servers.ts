/** NATS, Redis and Postgres: their own figures, and what the services feel of them. */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { dashboard } from "./dashboard.ts";
import { oneOf, perSecond, quantile } from "./expr.ts";
import { lines } from "./panel.ts";

export const servers = dashboard(
  {
    name: "servers",
    title: "Baton: brokers and databases",
    description: "JetStream as its users see it, Redis and Postgres from the Collector's receivers.",
  },
  {
    title: "NATS JetStream",
    panels: [
      lines(
        {
          title: "Messages in the streams",
          description: "Kept for a day or 256 MiB, whichever comes first.",
          unit: units.Short,
        },
        {
          expr: oneOf("baton_stream_messages", "messaging_destination_name"),
          legend: "{{messaging_destination_name}}",
        },
      ),
      lines(
        {
          title: "Size of the streams",
          description: "At 268 MB the oldest messages go, read or not.",
          unit: units.BytesIEC,
        },
        {
          expr: oneOf("baton_stream_bytes", "messaging_destination_name"),
          legend: "{{messaging_destination_name}}",
        },
      ),
      lines(
        {
          title: "Time to store a message",
          description:
            "From sending to the stream's acknowledgement. It rises with a slow disk or a lost replica.",
          unit: units.Seconds,
        },
        {
          expr: quantile(
            0.99,
            "messaging_client_operation_duration_seconds",
            "job",
            'messaging_system="nats"',
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
          description: "BullMQ polls: some tens a second are its idle state.",
          unit: units.OpsPerSecond,
        },
        { expr: "sum(rate(redis_commands_processed_total[$__rate_interval]))", legend: "commands" },
      ),
      lines(
        {
          title: "Memory",
          description:
            "Nothing may be evicted (noeviction), or jobs would vanish: full means that adding fails.",
          unit: units.BytesIEC,
        },
        { expr: "max(redis_memory_used_bytes)", legend: "used" },
        { expr: "max(redis_memory_rss_bytes)", legend: "resident" },
      ),
      lines(
        {
          title: "Clients",
          description: "Each service with a queue has a few; blocked ones wait for a job, as they should.",
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
          description: "By database, against what the server allows.",
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
    title: "Felt by the services",
    panels: [
      lines(
        {
          title: "Statements, 99 of 100",
          description: "As long as the client waits, by service.",
          unit: units.Seconds,
          width: 12,
        },
        { expr: quantile(0.99, "db_client_operation_duration_seconds", "job"), legend: "{{job}}" },
      ),
      lines(
        {
          title: "Connection pools",
          description:
            "In use and idle; waiting above 0 means that the pool is too small or a transaction too long.",
          unit: units.Short,
          width: 12,
        },
        {
          expr: "sum by (job, db_client_connection_state) (db_client_connection_count)",
          legend: "{{job}} {{db_client_connection_state}}",
        },
        { expr: "sum by (job) (db_client_connection_pending_requests)", legend: "{{job}} waiting" },
      ),
    ],
  },
);
