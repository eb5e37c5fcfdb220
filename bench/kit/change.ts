/** Compares a figure with its goal, and with its last record. */
import type { Better, Goal } from "./bench.ts";
import type { Spread } from "./statistics.ts";

export interface Change {
  /** The change of the median, in percent of the last one; null when that was 0. */
  readonly percent: number | null;
  /** "same" when the two spreads overlap. */
  readonly verdict: "better" | "worse" | "same";
}

/** How `now` differs from `last`. Only spreads that do not overlap count as a change, because the rest may be noise. */
export function changeOf(last: Spread, now: Spread, better: Better): Change {
  const percent = last.median === 0 ? null : (now.median / last.median - 1) * 100;
  const isLess = now.most < last.least;
  if (!isLess && now.least <= last.most) return { percent, verdict: "same" };
  return { percent, verdict: isLess === (better === "less") ? "better" : "worse" };
}

/** Whether the median keeps the goal. */
export const keeps = (goal: Goal, { median }: Spread): boolean =>
  "atMost" in goal ? median <= goal.atMost : median >= goal.atLeast;
