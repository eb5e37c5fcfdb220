/** Lists of what a rule lets pass: each with its reason, and only as long as the rule would find it. */
import type { Repository } from "./repository.ts";
import { lineAt } from "./source.ts";
import type { Violation } from "./violation.ts";

/** What may stay, and why. */
export type Exceptions = Readonly<Record<string, string>>;

/** The line of the last of `words`, each looked for behind the one before; 1 when one of them is not there. */
export function lineOf(text: string, ...words: readonly string[]): number {
  const at = words.reduce((from, word) => (from < 0 ? from : text.indexOf(word, from)), 0);
  return at < 0 ? 1 : lineAt(text, at);
}

/**
 * One violation for each of `listed` that is not among `needed`. `file` is the module that has the list, `what` says of
 * an entry why it is none any more.
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
