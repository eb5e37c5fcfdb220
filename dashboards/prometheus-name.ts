/**
 * What a metric is called once it is in Prometheus. The Collector's remote write exporter translates OTLP's names:
 * dots become underscores, the unit becomes a suffix, a counter ends in `_total`.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */

export type Kind = "counter" | "gauge" | "histogram";

/** UCUM units that become a suffix. Others of ours stand in braces, as in `{message}`, and become none. */
const SUFFIX: Readonly<Record<string, string>> = { s: "seconds", ms: "milliseconds", By: "bytes" };

/** The name in Prometheus of the OTLP metric `name`. For a histogram it is the start of its three series' names. */
export function prometheusName(name: string, kind: Kind, unit = ""): string {
  const suffixes = [
    // Only a gauge without a dimension is a ratio; a counter in `1` just counts.
    unit === "1" && kind === "gauge" ? "ratio" : SUFFIX[unit],
    kind === "counter" ? "total" : undefined,
  ];
  const words = name.split(/[^a-zA-Z0-9]+/).filter((word) => word !== "");
  const missing = suffixes.filter((suffix) => suffix !== undefined && !words.includes(suffix));
  return [...words, ...missing].join("_");
}

/** The series that a metric called `name` in Prometheus has there. */
export function seriesOf(name: string, kind: Kind): readonly string[] {
  return kind === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name];
}
