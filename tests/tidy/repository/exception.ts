/** Lists of exceptions to a rule, each with its reason. An exception that the rule no longer needs is a violation. */
import type { Repository } from "./repository.ts";
import { lineAt } from "./source.ts";
import type { Violation } from "./violation.ts";

/** What the rule lets pass, and why. */
export type Exceptions = Readonly<Record<string, string>>;

/** The line of the last of `words`, each searched behind the one before, or 1 if one of them is missing. */
export function lineOf(text: string, ...words: readonly string[]): number {
  const at = words.reduce((from, word) => (from < 0 ? from : text.indexOf(word, from)), 0);
  return at < 0 ? 1 : lineAt(text, at);
}

/**
 * One violation for each of `listed` that is not among `needed`. `file` is the module with the list. `what` says why an
 * entry no longer applies.
 */
export function outdated(
  repository: Repository,
  file: string,
  listed: Exceptions,
  needed: Iterable<string>,
  what: string,
): Violation[] {
  const used = new Set(needed);
  const text = repository.files.includes(file) ? repository.text(file) : "";
  return Object.keys(listed)
    .filter((entry) => !used.has(entry))
    .map((entry) => ({
      file,
      line: lineOf(text, JSON.stringify(entry)),
      what: `the exception ${entry} no longer applies: ${what}`,
      remedy: "remove its line",
    }));
}
