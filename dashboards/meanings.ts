/** What the metrics of a query mean, in the words of the registry. */
import { METRICS, seriesNames } from "./metrics.ts";
import { seriesIn, withoutVariables } from "./promql.ts";
import { registry } from "./registry.ts";

const nameOfSeries = new Map(
  METRICS.flatMap((metric) => seriesNames(metric).map((one) => [one, metric.name])),
);

/**
 * One line for each metric of the registry that these queries ask for, each once: name, unit, meaning. Metrics of other
 * programs have none.
 */
export function meaningsOf(queries: readonly string[]): readonly string[] {
  const names = queries
    .flatMap((expr) => seriesIn(withoutVariables(expr)))
    .map((series) => nameOfSeries.get(series) ?? "");
  return [...new Set(names)].flatMap((name) => {
    const metric = registry.metrics.get(name);
    return metric ? [`\`${name}\` (\`${metric.unit}\`): ${metric.brief}`] : [];
  });
}
