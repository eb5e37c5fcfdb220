/**
 * Two commits that are measured in turn: what the ratios of their pairs say, and whether that is more than noise.
 *
 * A host's speed changes by a third within an hour, and both commits of one round are measured within minutes. Of each
 * round the ratio of the two is taken, so that such a drift cancels. Which commit comes first changes from round to
 * round, so that an advantage of the first or of the second cancels, too.
 *
 * The rule is the sign test. A commit that changes nothing has each ratio above 1 or below it as a coin falls; a figure
 * is outside the noise when so many ratios lie on the same side of 1 that coins would fall like that in at most 1 of 16
 * experiments: all five of five rounds, eight of nine. This is the same as asking whether a confidence interval of 15/16
 * for the median ratio leaves out 1 (Dixon and Mood, "The Statistical Sign Test", 1946). It assumes nothing of how the
 * noise is distributed, and five rounds could not show that it is normal, as Student's t needs it. A bootstrap of five
 * values is too sure of itself. That both spreads lie apart, the rule for the recorded runs (kit/change.ts), sees
 * nothing when the host drifts. Wilcoxon's ranks would see more from about eight rounds on, and nothing more with five.
 *
 * Each figure is judged by itself: of 16 figures that have not changed, one is called better or worse by chance.
 * Why a ratio with its spread, and not a difference: Kalibera and Jones, "Rigorous Benchmarking in Reasonable Time", 2013.
 */
import type { Better } from "../kit/bench.ts";
import { ascending, type Spread, spreadOf } from "../kit/statistics.ts";

/** How often a figure that has not changed is called better or worse, at most. */
const FALSE_ALARM = 1 / 16;
/** With fewer rounds even one side for all of them comes by chance more often than that. */
export const LEAST_ROUNDS = 5;

/** The two commits by their place: the one that is compared with, and the one that is judged. */
export type Side = "base" | "next";

export type Verdict = "better" | "worse" | "within the noise" | "too few rounds";

/** A value of each side, measured one after the other. */
export type Pair = Readonly<Record<Side, number>>;

export interface Compared {
  readonly base: Spread;
  readonly next: Spread;
  /** Of `next` over `base`, a ratio for each round. */
  readonly ratio: Spread;
  readonly verdict: Verdict;
}

/** Which side is measured first in round `number`, from 1: A B, B A, A B, … */
export const orderOf = (number: number): readonly [Side, Side] =>
  number % 2 === 1 ? ["base", "next"] : ["next", "base"];

/**
 * How many of `count` ratios may lie on the other side of 1: the most with which coins fall as one-sided in at most
 * 1 of 16 experiments, counting both sides. -1 when there are too few ratios for any verdict.
 */
export function exceptionsOf(count: number): number {
  // How many of all ways in which the coins can fall have exactly `k` heads, as a share.
  let share = 0.5 ** count;
  let atMost = share;
  let k = -1;
  while (2 * atMost <= FALSE_ALARM) {
    k += 1;
    share *= (count - k) / (k + 1);
    atMost += share;
  }
  return k;
}

function verdictOf(ratios: readonly number[], better: Better): Verdict {
  const exceptions = exceptionsOf(ratios.length);
  if (exceptions < 0) return "too few rounds";
  const sorted = ascending(ratios);
  const [least = 1, most = 1] = [sorted[exceptions], sorted.at(-1 - exceptions)];
  if (least <= 1 && most >= 1) return "within the noise";
  return most < 1 === (better === "less") ? "better" : "worse";
}

/** What the pairs of one figure say of `next`. Throws when a value is not above 0: it has no ratio. */
export function comparedOf(pairs: readonly Pair[], better: Better): Compared {
  const values = pairs.flatMap(({ base, next }) => [base, next]);
  const strange = values.find((value) => !(value > 0 && Number.isFinite(value)));
  if (strange !== undefined) throw new Error(`${strange} was measured, where a number above 0 was expected`);
  const ratios = pairs.map(({ base, next }) => next / base);
  return {
    base: spreadOf(pairs.map(({ base }) => base)),
    next: spreadOf(pairs.map(({ next }) => next)),
    ratio: spreadOf(ratios),
    verdict: verdictOf(ratios, better),
  };
}
