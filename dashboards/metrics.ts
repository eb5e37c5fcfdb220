/**
 * Every metric that this project emits or shows: its source, and the reason when no dashboard shows it. Metrics that
 * travel by OTLP have their OTLP names; `prometheusName` translates them. What the services emit is taken from the
 * registry (`telemetry/registry/`). Tests compare this list with every query, so that no metric is emitted but not
 * shown, or shown without a source.
 */
import { GAUGE, LIBRARY, METRIC } from "../services/_kit/telemetry/conventions.ts";
import { type Kind, prometheusName, seriesOf } from "./prometheus-name.ts";
import { registry } from "./registry.ts";

export type Source =
  /** Our own, from `_kit/telemetry/metrics.ts`. */
  | "services"
  /** OpenTelemetry's instrumentations of http, pg, undici and the Node runtime. */
  | "instrumentation"
  /** The SDK about itself: `OTEL_NODE_EXPERIMENTAL_SDK_METRICS`. */
  | "sdk"
  /** The Collector's connectors and receivers. */
  | "collector"
  /** The Collector about itself. */
  | "otelcol"
  | "lens"
  | "k6"
  | "prometheus";

export interface Metric {
  readonly name: string;
  readonly kind: Kind;
  /** The UCUM unit of the instrument. */
  readonly unit: string;
  readonly source: Source;
  /** Why no dashboard shows it; left out when one does. */
  readonly unshown?: string;
  /** What must happen before it exists; left out when it exists from the start or from the first load on. */
  readonly after?: string;
}

/** Prometheus scrapes these itself, under their own names. */
const SCRAPED: ReadonlySet<Source> = new Set(["otelcol", "lens", "prometheus"]);

/** Columns: name, kind, unit, and the rest. */
type MetricRow = readonly [name: string, kind: Kind, unit?: string, more?: Pick<Metric, "unshown" | "after">];

const from = (source: Source, rows: readonly MetricRow[]): readonly Metric[] =>
  rows.map(([name, kind, unit = "", more = {}]) => ({ name, kind, unit, source, ...more }));

const TAIL = { unshown: "the 99th percentile and the longest are enough" };
const BY_SPANS = { unshown: "the services' own histograms and the span metrics show it with fewer series" };
const FAILURE = { after: "an export that failed for good" };
const BY_SERVICE = { unshown: "the evictions as a whole are shown", after: "a full store" };
const FORWARDING = { unshown: "only lens alone forwards", after: "LENS_FORWARD_URL" };

/** Of those in the registry: why no dashboard shows it, and what must have happened before it is there. */
const SAID: Readonly<Record<string, Pick<Metric, "unshown" | "after">>> = {
  [METRIC.edgeRefused]: { after: "a request with a broken header" },
  [GAUGE.sseOpen]: { unshown: "the number of watchers says nothing about the shop's health" },
  [LIBRARY.poolMax]: { unshown: "our own constant" },
  [LIBRARY.eventLoopDelayMin]: TAIL,
  [LIBRARY.eventLoopDelayMean]: TAIL,
  [LIBRARY.eventLoopDelayStddev]: TAIL,
  [LIBRARY.eventLoopDelayP50]: TAIL,
  [LIBRARY.eventLoopDelayP90]: TAIL,
  [LIBRARY.heapAvailable]: { unshown: "size less used" },
  [LIBRARY.heapPhysical]: { unshown: "close to the size" },
  [LIBRARY.metricsCollection]: { unshown: "of interest only to developers of the SDK" },
};

const sourceOf = (emitter: string): Source => {
  if (emitter === "services") return "services";
  return emitter.startsWith("@opentelemetry/sdk-") ? "sdk" : "instrumentation";
};

/** What the services emit, as the registry has it. */
const registered = registry.metrics
  .values()
  .map(
    ({ name, instrument, unit, source }): Metric => ({
      name,
      kind: instrument === "updowncounter" ? "gauge" : instrument,
      unit,
      source: sourceOf(source),
      ...SAID[name],
    }),
  )
  .toArray();

/** All of them. */
export const METRICS: readonly Metric[] = [
  ...registered,
  ...from("instrumentation", [
    [
      "http.client.request.duration",
      "histogram",
      "s",
      { unshown: "services call each other by RPC, which has its own", after: "BATON_INSTRUMENTATION=auto" },
    ],
  ]),
  ...from("collector", [
    ["traces.span.metrics.calls", "counter"],
    ["traces.span.metrics.duration", "histogram", "s"],
    [
      "traces.kept.calls",
      "counter",
      "",
      { unshown: "counts only sampled spans: only its exemplars are used" },
    ],
    ["traces.kept.duration", "histogram", "s"],
    ["traces_service_graph_request_total", "counter"],
    ["traces_service_graph_request_failed_total", "counter", "", BY_SPANS],
    ["traces_service_graph_request_server", "histogram", "s", BY_SPANS],
    ["traces_service_graph_request_client", "histogram", "s", BY_SPANS],
    ["redis.commands.processed", "counter"],
    ["redis.memory.used", "gauge", "By"],
    ["redis.memory.rss", "gauge", "By"],
    ["redis.clients.connected", "gauge"],
    ["redis.clients.blocked", "gauge"],
    ["postgresql.commits", "counter", "1"],
    ["postgresql.rollbacks", "counter", "1"],
    ["postgresql.backends", "gauge"],
    ["postgresql.connection.max", "gauge", "{connections}"],
    ["postgresql.db_size", "gauge", "By"],
  ]),
  ...from("otelcol", [
    ["otelcol_receiver_accepted_spans", "counter"],
    ["otelcol_receiver_accepted_metric_points", "counter"],
    ["otelcol_receiver_accepted_log_records", "counter"],
    ["otelcol_receiver_refused_spans", "counter"],
    ["otelcol_receiver_refused_metric_points", "counter"],
    ["otelcol_receiver_refused_log_records", "counter"],
    ["otelcol_exporter_sent_spans", "counter"],
    ["otelcol_exporter_sent_metric_points", "counter"],
    ["otelcol_exporter_sent_log_records", "counter"],
    ["otelcol_exporter_send_failed_spans", "counter", "", FAILURE],
    ["otelcol_exporter_send_failed_metric_points", "counter", "", FAILURE],
    ["otelcol_exporter_send_failed_log_records", "counter", "", FAILURE],
    ["otelcol_exporter_queue_size", "gauge"],
    ["otelcol_exporter_queue_capacity", "gauge"],
    ["otelcol_process_memory_rss", "gauge"],
    ["otelcol_process_cpu_seconds", "counter"],
  ]),
  ...from("lens", [
    ["lens_received_total", "counter"],
    ["lens_stored_total", "counter"],
    ["lens_duplicates_total", "counter"],
    ["lens_evicted_total", "counter"],
    ["lens_evicted_journeys_total", "counter", "", BY_SERVICE],
    ["lens_evicted_spans_total", "counter", "", BY_SERVICE],
    ["lens_late_spans_total", "counter", "", { unshown: "it is no error: late spans join their journey" }],
    ["lens_forwarded_total", "counter", "", FORWARDING],
    ["lens_forward_dropped_total", "counter", "", FORWARDING],
    ["lens_forward_queue_bytes", "gauge", "", FORWARDING],
    ["lens_refused_total", "counter"],
    ["lens_store_bytes", "gauge"],
    ["lens_store_limit_bytes", "gauge"],
    ["lens_journeys", "gauge"],
    ["lens_orphan_spans", "gauge"],
  ]),
  ...from("k6", [
    ["k6_http_reqs", "counter"],
    ["k6_http_req_duration", "histogram", "ms"],
    ["k6_checks", "counter"],
    ["k6_iterations", "counter"],
    ["k6_vus", "gauge"],
  ]),
  ...from("prometheus", [
    ["up", "gauge"],
    ["ALERTS", "gauge", "", { after: "an alert that is pending" }],
    ["prometheus_tsdb_head_series", "gauge"],
    ["prometheus_tsdb_head_samples_appended_total", "counter"],
    ["prometheus_tsdb_exemplar_exemplars_appended_total", "counter"],
    ["prometheus_rule_evaluation_failures_total", "counter"],
  ]),
];

/** The name in Prometheus of a metric. For a histogram it is the start of its three series' names. */
export const seriesName = ({ name, kind, unit, source }: Metric): string =>
  SCRAPED.has(source) ? name : prometheusName(name, kind, unit);

/** The names of the series in Prometheus that belong to a metric. */
export const seriesNames = (metric: Metric): readonly string[] => seriesOf(seriesName(metric), metric.kind);

/** Metrics of other programs, which emit many more than we use: only those on a dashboard are listed above. */
const FAMILIES =
  /^(otelcol|redis|postgresql|k6|prometheus|promhttp|net_conntrack|go|process|scrape|ALERTS|up$|target_info$|otel_scope_info$)/;

/**
 * The series names of a Prometheus that are neither in the list above nor in a foreign family: metrics that we emit but
 * that are missing in this file.
 */
export function unknownSeries(held: readonly string[]): readonly string[] {
  const known = new Set(METRICS.flatMap(seriesNames));
  return held.filter((name) => !known.has(name) && !FAMILIES.test(name));
}
