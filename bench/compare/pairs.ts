/**
 * Judges two commits that are measured in turn: the ratios of their pairs, and whether they are more than noise.
 *
 * A host's speed changes by a third within an hour, but both commits of one round are measured within minutes. Each
 * round gives the ratio of the two, so that such a drift cancels. The commit that comes first changes from round to
 * round, so that an advantage of the first or of the second cancels, too.
 *
 * The rule is the sign test. When a commit changes nothing, each ratio is above or below 1 like a coin flip. A figure
 * is outside the noise when so many ratios are on the same side of 1 that coins would do that in at most 1 of 16
 * experiments: five of five rounds, eight of nine. This is equivalent to a confidence interval of 15/16 for the median
 * ratio that does not contain 1 (Dixon and Mood, "The Statistical Sign Test", 1946). The sign test assumes nothing
 * about the distribution of the noise. Student's t needs a normal one, which five rounds could not show. A bootstrap of
 * five values gives intervals that are too narrow. The rule for recorded runs (kit/change.ts), that both spreads do not
 * overlap, detects nothing when the host drifts. Wilcoxon's ranks would detect more from about eight rounds on, but not
 * with five.
 *
 * Each figure is judged by itself: of 16 figures that have not changed, one is called better or worse by chance.
 * Why a ratio with its spread, and not a difference: Kalibera and Jones, "Rigorous Benchmarking in Reasonable Time",
 * 2013.
 */
import type { Better } from "../kit/bench.ts";
import { ascending, type Spread, spreadOf } from "../kit/statistics.ts";

/** The largest share of unchanged figures that are called better or worse. */
const FALSE_ALARM = 1 / 16;
/** With fewer rounds, even ratios that are all on one side come by chance more often than that. */
export const LEAST_ROUNDS = 5;

/** The two commits: the one to compare with, and the one that is judged. */
export type Side = "base" | "next";

export type Verdict = "better" | "worse" | "within the noise" | "too few rounds";

/** A value of each side, measured one after the other. */
export type Pair = Readonly<Record<Side, number>>;

export interface Compared {
  readonly base: Spread;
  readonly next: Spread;
  /** `next` divided by `base`, for each round. */
  readonly ratio: Spread;
  readonly verdict: Verdict;
}

/** Which side is measured first in round `number`, from 1: A B, B A, A B, … */
export const orderOf = (number: number): readonly [Side, Side] =>
  number % 2 === 1 ? ["base", "next"] : ["next", "base"];

/**
 * How many of `count` ratios may be on the other side of 1: the largest number for which coins are as one-sided in at
 * most 1 of 16 experiments, counting both sides. -1 when there are too few ratios for any verdict.
 */
export function exceptionsOf(count: number): number {
  // The share of outcomes with exactly `k` heads.
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

/** The verdict on `next` from the pairs of one figure. Throws when a value is not above 0: it has no ratio. */
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
