/** A figure against its goal, and against the last time. */
import type { Better, Goal } from "./bench.ts";
import type { Spread } from "./statistics.ts";

export interface Change {
  /** Of the medians, in percent of the last; null when the last one was 0. */
  readonly percent: number | null;
  /** What is outside the spread of both; what overlaps with the last time says nothing. */
  readonly verdict: "better" | "worse" | "same";
}

/** How `now` differs from `last`. Only spreads without a common value count as a change: noise is no news. */
export function changeOf(last: Spread, now: Spread, better: Better): Change {
  const percent = last.median === 0 ? null : (now.median / last.median - 1) * 100;
  const isLess = now.most < last.least;
  if (!isLess && now.least <= last.most) return { percent, verdict: "same" };
  return { percent, verdict: isLess === (better === "less") ? "better" : "worse" };
}

/** Whether the median keeps the goal. */
export const keeps = (goal: Goal, { median }: Spread): boolean =>
  "atMost" in goal ? median <= goal.atMost : median >= goal.atLeast;
