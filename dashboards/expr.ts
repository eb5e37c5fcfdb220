/** PromQL that the dashboards repeat. `match`: label matchers, without braces. */

const braces = (match: string): string => (match === "" ? "" : `{${match}}`);

/** The rate of a counter per second, by the labels `by`. */
export const perSecond = (counter: string, by: string, match = ""): string =>
  `sum by (${by}) (rate(${counter}${braces(match)}[$__rate_interval]))`;

/** A quantile (0 to 1) of a classic histogram, by the labels `by`; empty for one value over all. */
export const quantile = (q: number, histogram: string, by = "", match = ""): string =>
  `histogram_quantile(${q}, sum by (le${by === "" ? "" : `, ${by}`}) (rate(${histogram}_bucket${braces(match)}[$__rate_interval])))`;

/**
 * `expr`, and 0 for each series of `all` that `expr` does not have. Series that count failures do not exist before the
 * first failure, and a blank panel does not show whether nothing failed or nothing was measured.
 */
export const orZero = (expr: string, all: string): string => `(${expr}) or 0 * (${all})`;

/** One of the gauges that several replicas report for the same thing, by the labels `by`. */
export const oneOf = (gauge: string, by: string): string => `max by (${by}) (${gauge})`;
