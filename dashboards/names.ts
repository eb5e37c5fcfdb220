/**
 * Names as PromQL has them, from the registry and the list of metrics. An unknown name throws, so that no dashboard and
 * no alert is rendered with it, and a name that is changed in the registry changes in all of them.
 */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { METRICS, seriesName } from "./metrics.ts";
import { registry } from "./registry.ts";

const metrics = new Map(METRICS.map((metric) => [metric.name, metric]));

function metricOf(name: string) {
  const metric = metrics.get(name);
  if (!metric) throw new Error(`${name} is no metric of the registry or of dashboards/metrics.ts`);
  return metric;
}

/** The name in Prometheus of a metric. For a histogram it is the start of its three series' names. */
export const series = (metric: string): string => seriesName(metricOf(metric));

/** The label that an attribute of the registry becomes: every character but letters and digits is an underscore. */
export function label(attribute: string): string {
  if (!registry.attributes.has(attribute)) throw new Error(`${attribute} is no attribute of the registry`);
  return labelOf(attribute);
}

/** The same for any attribute. */
export const labelOf = (attribute: string): string => attribute.replaceAll(/[^a-zA-Z0-9]/g, "_");

/** The value of `baton.event.name` for an event of the shop's vocabulary, such as `order.placed`. */
export function event(name: string): string {
  const emitted = `baton.${name}`;
  if (!registry.events.has(emitted)) throw new Error(`${emitted} is no event of the registry`);
  return emitted;
}

/** UCUM's units in Grafana's words. Units in braces, as `{message}`, only count. */
const UNITS: Readonly<Record<string, string>> = {
  s: units.Seconds,
  ms: units.Milliseconds,
  By: units.BytesIEC,
  "1": units.PercentUnit,
};

/** The unit of a panel that shows a metric as it is, or a quantile of it. */
export const unitOf = (metric: string): string => UNITS[metricOf(metric).unit] ?? units.Short;
