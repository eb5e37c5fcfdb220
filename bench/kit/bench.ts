/** What a benchmark is: figures with their goals, and a function that measures all of them once. */

/** Which direction is an improvement. */
export type Better = "less" | "more";

/** How a figure is to come out, if something was promised of it. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One number that a benchmark measures in each round. */
export interface Figure {
  /** In the record. */
  readonly name: string;
  /** In the table. */
  readonly says: string;
  /** Behind the number, such as `ms`; empty for a ratio or a count. */
  readonly unit: string;
  readonly better: Better;
  readonly goal?: Goal;
}

/** What does not fit one number a round: a value for each process, each rate. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a round is given. */
export interface Round {
  /** From 1. */
  readonly number: number;
  /** A few seconds instead of a measurement: shows that it works, its figures mean nothing. */
  readonly quick: boolean;
  readonly signal: AbortSignal;
  /** Tells whoever waits what it is waiting for. */
  say(line: string): void;
}

export interface Measured {
  /** A value for each figure, by name. */
  readonly values: Readonly<Record<string, number>>;
  /** Of the last round the record keeps them. */
  readonly tables?: readonly Table[];
}

export interface Bench {
  readonly name: string;
  readonly title: string;
  /** How it is measured, for the help. */
  readonly how: string;
  readonly figures: readonly Figure[];
  /** Rounds without `--rounds`. */
  readonly rounds: number;
  /** One round, which leaves nothing behind. Rejects when it could not be measured. */
  run(round: Round): Promise<Measured>;
}
