/**
 * The parts of a pipeline that the metrics come through: of the Collector's configuration, of Prometheus', and k6. Each
 * has a query that has an answer when the part is there and works.
 */
import { ATTR, LIBRARY, METRIC } from "../services/_kit/telemetry/conventions.ts";
import type { Metric } from "./metrics.ts";
import { label, labelOf, series } from "./names.ts";

export interface Part {
  /** As `collector/collector.yaml` calls it; of what is scraped, the label `job`. */
  readonly name: string;
  /** Where the name stands: in that file, in Prometheus' configuration, or nowhere. */
  readonly in: "receivers" | "processors" | "connectors" | "exporters" | "scraped" | "k6";
  readonly does: string;
  /** Whether the metric begins there. */
  readonly makes: (metric: Metric) => boolean;
  /** PromQL. */
  readonly check: string;
}

const starts = (start: string) => (metric: Metric) =>
  metric.source === "collector" && metric.name.startsWith(start);
const from = (source: Metric["source"]) => (metric: Metric) => metric.source === source;
const nothing = () => false;
const DATABASE = labelOf("postgresql.database.name");

/** In the order in which one sets them up. */
export const PARTS: readonly Part[] = [
  {
    name: "otlp",
    in: "receivers",
    does: "takes what the services send: their own metrics, those of the libraries and of the SDK, and all spans",
    makes: ({ source }) => ["services", "instrumentation", "sdk"].includes(source),
    check: `count(${series(METRIC.rpcServerDuration)}_count)`,
  },
  {
    name: "prometheus_remote_write",
    in: "exporters",
    does: "writes to Prometheus, and makes the label `job` of `service.name` and `instance` of `service.instance.id`",
    makes: nothing,
    check: `count(${series(LIBRARY.httpServerDuration)}_count{job="gateway", instance!=""})`,
  },
  {
    name: "transform/labels",
    in: "processors",
    does: "copies the resource attributes `service.name` and `postgresql.database.name` to the points, as labels",
    makes: nothing,
    check: `count(${series("postgresql.db_size")}{${DATABASE}!="", ${label(ATTR.serviceName)}!=""})`,
  },
  {
    name: "span_metrics/all",
    in: "connectors",
    does: "counts and measures all spans, before any is dropped; `http.route` and others are its dimensions",
    makes: starts("traces.span.metrics."),
    check: `count(${series("traces.span.metrics.calls")}{span_kind="SPAN_KIND_SERVER"})`,
  },
  {
    name: "span_metrics/kept",
    in: "connectors",
    does: "measures the spans that are kept, with exemplars: points that lead to traces",
    makes: starts("traces.kept."),
    check: `count(${series("traces.kept.duration")}_bucket)`,
  },
  {
    name: "service_graph",
    in: "connectors",
    does: "counts which service calls which, over pairs of spans",
    makes: starts("traces_service_graph_"),
    check: `count(${series("traces_service_graph_request_total")})`,
  },
  {
    name: "redis",
    in: "receivers",
    does: "asks Redis for its own figures",
    makes: starts("redis."),
    check: `count(${series("redis.memory.used")})`,
  },
  {
    name: "postgresql",
    in: "receivers",
    does: "asks Postgres for its own figures",
    makes: starts("postgresql."),
    check: `count(${series("postgresql.backends")})`,
  },
  {
    name: "otelcol",
    in: "scraped",
    does: "the Collector's figures about itself, from `service.telemetry.metrics`",
    makes: from("otelcol"),
    check: 'up{job="otelcol"} == 1',
  },
  {
    name: "lens",
    in: "scraped",
    does: "lens' figures, from its page `/metrics`",
    makes: from("lens"),
    check: 'up{job="lens"} == 1',
  },
  {
    name: "prometheus",
    in: "scraped",
    does: "Prometheus' figures about itself, and what it makes itself: `up` and `ALERTS`",
    makes: from("prometheus"),
    check: 'up{job="prometheus"} == 1',
  },
  {
    name: "k6",
    in: "k6",
    does: "`npm run load` sends k6's figures to the Collector, while a load runs",
    makes: from("k6"),
    check: `count(last_over_time(${series("k6_http_reqs")}[1h]))`,
  },
];
