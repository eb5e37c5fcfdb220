/** PromQL that the dashboards say again and again. `match`: label matchers, without braces. */

const braces = (match: string): string => (match === "" ? "" : `{${match}}`);

/** How often a second a counter counts, by the labels `by`. */
export const perSecond = (counter: string, by: string, match = ""): string =>
  `sum by (${by}) (rate(${counter}${braces(match)}[$__rate_interval]))`;

/** A quantile (0 to 1) of a classic histogram, by the labels `by`; empty for one value over all. */
export const quantile = (q: number, histogram: string, by = "", match = ""): string =>
  `histogram_quantile(${q}, sum by (le${by === "" ? "" : `, ${by}`}) (rate(${histogram}_bucket${braces(match)}[$__rate_interval])))`;

/**
 * `expr`, and 0 for whatever `all` has and `expr` has not: failures are counted by series that do not exist before the
 * first one, and a blank panel does not say whether nothing failed or nothing was measured.
 */
export const orZero = (expr: string, all: string): string => `(${expr}) or 0 * (${all})`;

/** The gauges of a thing that several replicas report alike: one of them, by the labels `by`. */
export const oneOf = (gauge: string, by: string): string => `max by (${by}) (${gauge})`;
