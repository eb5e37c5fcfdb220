/**
 * The rules on metrics: known, measured with the right instrument, unit and buckets, and the attributes of each point.
 */
import type { MetricRow, Registry } from "../../../telemetry/rows.ts";
import { judgeAttributes } from "./attributes.ts";
import type { EmittedMetric, Point } from "./emitted.ts";
import { type Finding, type Violation, violationsOf } from "./violation.ts";

/** What is wrong with the metric itself, and with each of its points in their order. */
export interface MetricJudgement {
  readonly metric: readonly Violation[];
  readonly points: readonly (readonly Violation[])[];
}

export function judgeMetric(metric: EmittedMetric, registry: Registry): MetricJudgement {
  const row = registry.metrics.get(metric.name);
  const { origin, points, name } = metric;
  if (row === undefined) {
    const found: Finding[] = [{ rule: "unknown metric", says: `"${name}" is in no row` }];
    return { metric: violationsOf("metric", origin, name, found), points: points.map(() => []) };
  }
  return {
    metric: violationsOf("metric", origin, row.id, judgeInstrument(metric, row)),
    points: points.map((point) => violationsOf("metric", origin, row.id, judgePoint(point, row, registry))),
  };
}

function judgeInstrument(metric: EmittedMetric, row: MetricRow): Finding[] {
  const found: Finding[] = [];
  if (metric.instrument !== row.instrument)
    found.push({ rule: "wrong instrument", says: `${metric.instrument} is not ${row.instrument}` });
  if (metric.unit !== row.unit)
    found.push({ rule: "wrong unit", says: `"${metric.unit}" is not "${row.unit}"` });
  // A library describes its own in its own words.
  const isDescribed =
    row.source === "services" ? metric.description === row.brief : metric.description !== "";
  if (!isDescribed) found.push({ rule: "wrong description", says: `"${metric.description}"` });
  return found;
}

function judgePoint({ attributes, bounds }: Point, row: MetricRow, registry: Registry): Finding[] {
  const found = judgeAttributes({ id: row.id, attributes }, registry, row.attributes);
  const isAsWanted = !row.buckets || String(bounds ?? []) === String(row.buckets);
  if (isAsWanted) return found;
  return [
    ...found,
    { rule: "wrong buckets", says: `[${bounds?.join(", ")}] is not [${row.buckets?.join(", ")}]` },
  ];
}
