/**
 * The name of a metric in Prometheus. The Collector's remote write exporter translates OTLP's names: dots become
 * underscores, the unit becomes a suffix, a counter ends in `_total`.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */

export type Kind = "counter" | "gauge" | "histogram";

/** UCUM units that become a suffix. Our other units are in braces, as in `{message}`, and give no suffix. */
const SUFFIX: Readonly<Record<string, string>> = { s: "seconds", ms: "milliseconds", By: "bytes" };

/** The name in Prometheus of the OTLP metric `name`. For a histogram it is the start of its three series' names. */
export function prometheusName(name: string, kind: Kind, unit = ""): string {
  const suffixes = [
    // Only a gauge with the unit `1` is a ratio; a counter with it just counts.
    unit === "1" && kind === "gauge" ? "ratio" : SUFFIX[unit],
    kind === "counter" ? "total" : undefined,
  ];
  const words = name.split(/[^a-zA-Z0-9]+/).filter((word) => word !== "");
  const missing = suffixes.filter((suffix) => suffix !== undefined && !words.includes(suffix));
  return [...words, ...missing].join("_");
}

/** The series of a metric with the Prometheus name `name`. */
export function seriesOf(name: string, kind: Kind): readonly string[] {
  return kind === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name];
}
