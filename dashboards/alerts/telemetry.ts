/** Is what the other alerts read complete? */
import type { AlertGroup } from "./alert.ts";

export const telemetryAlerts: AlertGroup = {
  name: "telemetry",
  alerts: [
    {
      alert: "TargetDown",
      expr: "min by (job) (up) < 1",
      for: "15s",
      severity: "ticket",
      summary: "{{ $labels.job }} does not answer Prometheus",
      description: "Its metrics are not updated, and neither are the alerts that use them.",
      runbook: "Fires when lens is stopped. `npm run status` or `docker compose ps` says what runs.",
    },
    {
      alert: "CollectorRefuses",
      expr: `sum by (receiver) (rate(otelcol_receiver_refused_spans[1m])
  + rate(otelcol_receiver_refused_log_records[1m])
  + rate(otelcol_receiver_refused_metric_points[1m])) > 0
`,
      for: "30s",
      severity: "page",
      summary: "The Collector refuses telemetry at {{ $labels.receiver }}",
      description: "{{ $value | humanize }} items a second. Senders retry for a while, then drop them.",
      runbook:
        "Fires when the memory limiter refuses data: more load than the container's limit allows, or all backends " +
        `unreachable for long. Look at "Queued" and at the Collector's memory.`,
    },
    {
      alert: "ExportFails",
      expr: `(sum by (exporter) (rate(otelcol_exporter_send_failed_spans[1m]))
  or 0 * sum by (exporter) (rate(otelcol_exporter_sent_spans[1m]))) > 0
`,
      for: "30s",
      severity: "page",
      summary: "The Collector loses spans for {{ $labels.exporter }}",
      description: "{{ $value | humanize }} spans a second were dropped after all retries.",
      runbook:
        "Fires when lens or Jaeger is unreachable for longer than the exporter's retries, or refuses the data for " +
        "good. The Collector's log has the answer.",
    },
    {
      alert: "ExportQueueFills",
      expr: "max by (exporter) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity) > 0.5",
      for: "15s",
      severity: "ticket",
      summary: "The queue for {{ $labels.exporter }} fills up",
      description: "{{ $value | humanizePercentage }} of it is in use; data that does not fit is lost.",
      runbook:
        "Fires when a backend is unreachable under load. Start it again, and the queue drains by itself.",
    },
    {
      alert: "LensRefuses",
      expr: "sum by (signal, reason) (rate(lens_refused_total[1m])) > 0",
      for: "15s",
      severity: "ticket",
      summary: "lens refuses {{ $labels.signal }}: {{ $labels.reason }}",
      description: "{{ $value | humanize }} items a second are missing from the journeys.",
      runbook:
        "Fires when data that is not OTLP is sent to its port (malformed), or more at once than it takes (busy, " +
        "too_large).",
    },
  ],
};
