/** Statistics of measurements. They do not interpolate: each result is a measured value. */

/** The rounds' values of one figure. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** In the order of the rounds. */
  readonly values: readonly number[];
}

/** The value at or below which the share `p` (0 to 1) of `sorted` is; 0 without values. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p) - 1)] ?? 0;
}

export const ascending = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

/** The middle value; of an even number the lower of the two. */
export const median = (values: readonly number[]): number => percentile(ascending(values), 0.5);

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values), values };
}
