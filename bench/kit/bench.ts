/** The types of a benchmark: figures with their goals, and a function that measures all of them once. */

/** Which direction is an improvement. */
export type Better = "less" | "more";

/** The promised bound of a figure. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One number that a benchmark measures in each round. */
export interface Figure {
  /** Its name in the record. */
  readonly name: string;
  /** Its text in the table. */
  readonly says: string;
  /** The unit, such as `ms`; empty for a ratio or a count. */
  readonly unit: string;
  readonly better: Better;
  readonly goal?: Goal;
}

/** Results that are more than one number per round: a value for each process or each rate. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The input of a round. */
export interface Round {
  /** From 1. */
  readonly number: number;
  /** A few seconds instead of a measurement, to show that it works; its figures mean nothing. */
  readonly quick: boolean;
  readonly signal: AbortSignal;
  /** Shows what is being waited for. */
  say(line: string): void;
}

export interface Measured {
  /** A value for each figure, by name. */
  readonly values: Readonly<Record<string, number>>;
  /** The record keeps those of the last round. */
  readonly tables?: readonly Table[];
}

export interface Bench {
  readonly name: string;
  readonly title: string;
  /** How it is measured, for the help. */
  readonly how: string;
  readonly figures: readonly Figure[];
  /** The number of rounds without `--rounds`. */
  readonly rounds: number;
  /** Runs one round, which leaves nothing behind. Rejects when it could not be measured. */
  run(round: Round): Promise<Measured>;
}
