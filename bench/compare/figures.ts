/** The figures that are compared between two commits. */
import type { Figure } from "../kit/bench.ts";

/** The groups of figures, as `--only` names them. */
export const GROUPS = ["start", "memory", "checkouts", "cpu", "ingest"] as const;
export type Group = (typeof GROUPS)[number];

export interface ComparedFigure extends Figure {
  readonly group: Group;
}

const figure = (
  group: Group,
  name: string,
  says: string,
  unit: string,
  better: Figure["better"],
): ComparedFigure => ({
  group,
  name,
  says,
  unit,
  better,
});

/** In the order of the table. */
export const figures: readonly ComparedFigure[] = [
  figure("start", "first", "first start until a journey is complete", "ms", "less"),
  figure("start", "again", "second start", "ms", "less"),
  figure("memory", "memory", "memory (PSS) of all processes", "MB", "less"),
  figure("checkouts", "on", "checkouts/s until shipped, with telemetry", "", "more"),
  figure("checkouts", "off", "checkouts/s until shipped, without", "", "more"),
  figure("cpu", "cpuOn", "CPU of a checkout, with telemetry", "ms", "less"),
  figure("cpu", "cpuOff", "CPU of a checkout, without", "ms", "less"),
  figure("ingest", "ingest", "spans/s into lens", "", "more"),
];
