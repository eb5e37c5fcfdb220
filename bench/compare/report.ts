/** The result of a comparison: a table for people, and JSON for programs. */
import { z } from "zod";
import { machineText } from "../kit/machine.ts";
import { roundsText } from "../kit/readme.ts";
import { machineSchema, spreadSchema } from "../kit/record.ts";
import { markdown, numberText } from "../kit/table.ts";
import type { Commit } from "./commits.ts";
import type { ComparedFigure } from "./figures.ts";
import { LEAST_ROUNDS } from "./pairs.ts";

const commit = z.object({ hash: z.string(), short: z.string(), subject: z.string() });

const schema = z.object({
  /** When it ended, ISO 8601. */
  at: z.iso.datetime(),
  machine: machineSchema,
  base: commit,
  next: commit,
  rounds: z.number().int().positive(),
  quick: z.boolean(),
  /** How long all rounds took. */
  tookSeconds: z.number(),
  figures: z.record(
    z.string(),
    z.object({
      base: spreadSchema,
      next: spreadSchema,
      ratio: spreadSchema,
      verdict: z.enum(["better", "worse", "within the noise", "too few rounds"]),
    }),
  ),
});

/** One comparison of two commits. */
export type Comparison = Readonly<z.infer<typeof schema>>;

export const comparisonText = (comparison: Comparison): string => `${JSON.stringify(comparison, null, 2)}\n`;

/** Throws when `text` is no comparison. */
export const parseComparison = (text: string): Comparison => schema.parse(JSON.parse(text));

const ratioText = (ratio: number): string => ratio.toFixed(3);

/** The names of the two commits' columns: their short hashes. A commit compared with itself gets two names. */
export const namesOf = (base: Commit, next: Commit): readonly [string, string] =>
  base.hash === next.hash ? [base.short, `${next.short} again`] : [base.short, next.short];

/** The figures of `comparison`, one to a line, in the order of `figures`, and how to read them. */
export function comparisonTable(comparison: Comparison, figures: readonly ComparedFigure[]): string {
  const { rounds, tookSeconds, machine } = comparison;
  const [base, next] = namesOf(comparison.base, comparison.next);
  const rows = figures.flatMap(({ name, says, unit }) => {
    const compared = comparison.figures[name];
    if (!compared) return [];
    const { ratio, verdict } = compared;
    const value = (median: number): string => `${numberText(median)} ${unit}`.trimEnd();
    const spread = `${ratioText(ratio.median)} (${ratioText(ratio.least)} to ${ratioText(ratio.most)})`;
    return [[says, value(compared.base.median), value(compared.next.median), spread, verdict]];
  });
  const reading =
    rounds < LEAST_ROUNDS
      ? `${roundsText(rounds)}: fewer than ${LEAST_ROUNDS} cannot tell a change from noise.`
      : "Each verdict is of one figure alone: of 16 that have not changed, one is called better or worse by chance.\n" +
        "Measure it again by itself (--only) before you believe a single one.";
  return [
    markdown({ columns: ["figure (medians)", base, next, "ratio (least to most)", "verdict"], rows }),
    "",
    `The ratio is ${next} over ${base}, round by round.`,
    reading,
    `${roundsText(rounds)} in ${Math.round(tookSeconds)} s: ${machineText(machine)}`,
  ].join("\n");
}
