/** What a rule of tidiness found: where, what is wrong, and what mends it. */

export interface Violation {
  /** From the project's root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly what: string;
  /** What to do, as an order: "move it to …". */
  readonly remedy: string;
}

/** One line, as a terminal links to it: `file:line: what: remedy`. */
export const said = ({ file, line, what, remedy }: Violation): string =>
  `${file}:${line}: ${what}: ${remedy}`;
