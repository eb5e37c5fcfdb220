/** What a rule found: where it is, what is wrong, and the remedy. */

export interface Violation {
  /** From the project's root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly what: string;
  /** What to do, as an instruction: "move it to …". */
  readonly remedy: string;
}

/** As one line that a terminal can link: `file:line: what: remedy`. */
export const said = ({ file, line, what, remedy }: Violation): string =>
  `${file}:${line}: ${what}: ${remedy}`;
