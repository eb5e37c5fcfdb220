/** What the dashboards and alerts ask for: each metric with the labels and the places where it is asked for. */
import { METRICS, type Metric, seriesNames } from "./metrics.ts";
import { groupedBy, selectorsIn } from "./promql.ts";
import type { PanelQuery } from "./queries.ts";

export interface Need {
  readonly metric: Metric;
  /** Its series in Prometheus, those that are asked for. */
  readonly series: readonly string[];
  /** Labels by which it is selected or grouped, but `le`. */
  readonly labels: readonly string[];
  /** Titles of dashboards, and `alerts`. */
  readonly where: readonly string[];
}

/** In the order of the list of metrics. `queries`: without Grafana's variables. */
export function needsOf(queries: readonly PanelQuery[]): readonly Need[] {
  const asked = queries.map((query) => ({ ...query, selectors: selectorsIn(query.expr) }));
  return METRICS.flatMap((metric) => {
    const names = new Set(seriesNames(metric));
    const of = asked.filter(({ selectors }) => selectors.some(({ series }) => names.has(series)));
    if (of.length === 0) return [];
    const labels = of.flatMap(({ expr, selectors }) => [
      ...selectors
        .filter(({ series }) => names.has(series))
        .flatMap(({ matchers }) => matchers.map(({ label }) => label)),
      ...groupedBy(expr),
    ]);
    return [
      {
        metric,
        series: [...names].filter((name) =>
          of.some(({ selectors }) => selectors.some(({ series }) => series === name)),
        ),
        labels: [...new Set(labels)].filter((label) => label !== "le").toSorted(),
        where: [...new Set(of.map(({ dashboard }) => dashboard))],
      },
    ];
  });
}
