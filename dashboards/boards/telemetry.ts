/** The telemetry pipeline itself: are the other dashboards complete? */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { ATTR, LIBRARY } from "../../services/_kit/telemetry/conventions.ts";
import { dashboard } from "../dashboard.ts";
import { perSecond } from "../expr.ts";
import { label, series, unitOf } from "../names.ts";
import { lines, number } from "../panel.ts";

const SAMPLED = label(ATTR.samplingResult);
const SIGNALS = [
  ["spans", "spans"],
  ["metric_points", "metric points"],
  ["log_records", "log records"],
] as const;
const each = (start: string, by: string, legend: string) =>
  SIGNALS.map(([signal, called]) => ({
    expr: perSecond(`otelcol_${start}_${signal}`, by),
    legend: `${legend} ${called}`,
  }));

export const telemetry = dashboard(
  {
    name: "telemetry",
    title: "Baton: telemetry pipeline",
    description: "From the SDKs through the Collector to the backends: received, refused, dropped, queued.",
  },
  {
    title: "At a glance",
    panels: [
      number(
        {
          title: "Targets up",
          description: "Of those that Prometheus scrapes: lens, the Collector, and itself.",
          unit: units.PercentUnit,
        },
        "avg(up)",
      ),
      number(
        {
          title: "Fullest queue",
          description: "Share of an exporter's sending queue in use. At 1 it refuses data, which is lost.",
          unit: units.PercentUnit,
        },
        "max(otelcol_exporter_queue_size / otelcol_exporter_queue_capacity)",
      ),
      number(
        {
          title: "Collector's memory",
          description: "Resident. The memory limiter refuses data before memory runs out.",
          unit: units.BytesIEC,
        },
        "max(otelcol_process_memory_rss)",
      ),
      number(
        {
          title: "Series in Prometheus",
          description: "A steep rise is usually an id in a label.",
          unit: units.Short,
        },
        "max(prometheus_tsdb_head_series)",
      ),
    ],
  },
  {
    title: "The SDKs",
    panels: [
      lines(
        {
          title: "Spans started",
          description: "By service and sampling decision.",
          unit: units.CountsPerSecond,
        },
        {
          expr: perSecond(series(LIBRARY.spansStarted), `job, ${SAMPLED}`),
          legend: `{{job}} {{${SAMPLED}}}`,
        },
      ),
      lines(
        {
          title: "Spans not yet ended",
          description: "A line that only rises means that some code does not end its spans.",
          unit: unitOf(LIBRARY.spansLive),
        },
        { expr: `sum by (job) (${series(LIBRARY.spansLive)})`, legend: "{{job}}" },
      ),
      lines(
        { title: "Log records", description: "By service, before any is sent.", unit: units.CountsPerSecond },
        { expr: perSecond(series(LIBRARY.logsCreated), "job"), legend: "{{job}}" },
      ),
    ],
  },
  {
    title: "The Collector",
    panels: [
      lines(
        { title: "Accepted", description: "By receiver.", unit: units.CountsPerSecond },
        ...each("receiver_accepted", "receiver", "{{receiver}}"),
      ),
      lines(
        {
          title: "Refused",
          description: "By receiver: the memory limiter refused the data. A sender retries for a while.",
          unit: units.CountsPerSecond,
        },
        ...each("receiver_refused", "receiver", "{{receiver}}"),
      ),
      lines(
        { title: "Sent", description: "By exporter.", unit: units.CountsPerSecond },
        ...each("exporter_sent", "exporter", "{{exporter}}"),
      ),
      lines(
        {
          title: "Failed to send",
          description:
            "Dropped after all retries, by exporter: this is lost. 0 as long as the retries suffice.",
          unit: units.CountsPerSecond,
        },
        ...each("exporter_send_failed", "exporter", "{{exporter}}").map((query) => ({
          ...query,
          expr: `${query.expr} or vector(0)`,
        })),
      ),
      lines(
        {
          title: "Queued",
          description:
            "Share of each sending queue in use. It fills while a backend is unreachable; at 1 data is refused.",
          unit: units.PercentUnit,
        },
        {
          expr: "max by (exporter, data_type) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity)",
          legend: "{{exporter}} {{data_type}}",
        },
      ),
      lines(
        { title: "CPU", description: "Seconds of CPU per second.", unit: units.PercentUnit },
        { expr: "sum(rate(otelcol_process_cpu_seconds[$__rate_interval]))", legend: "Collector" },
      ),
    ],
  },
  {
    title: "Prometheus",
    panels: [
      lines(
        {
          title: "Samples received",
          description: "By remote write and by scraping.",
          unit: units.CountsPerSecond,
        },
        {
          expr: "sum(rate(prometheus_tsdb_head_samples_appended_total[$__rate_interval]))",
          legend: "samples",
        },
      ),
      lines(
        {
          title: "Exemplars kept",
          description: "The points that lead from a line to a trace.",
          unit: units.CountsPerSecond,
        },
        {
          expr: "sum(rate(prometheus_tsdb_exemplar_exemplars_appended_total[$__rate_interval]))",
          legend: "exemplars",
        },
      ),
      lines(
        {
          title: "Rules that failed",
          description: "An alert whose rule fails never fires.",
          unit: units.CountsPerSecond,
        },
        {
          expr: "sum(rate(prometheus_rule_evaluation_failures_total[$__rate_interval]))",
          legend: "failures",
        },
      ),
    ],
  },
);
