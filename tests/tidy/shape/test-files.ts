/** What tests must not have: `skip`, `only` or `todo` without a reason, and timeouts in plain milliseconds. */
import { isTest, type Repository } from "../repository/repository.ts";
import { lineAt } from "../repository/source.ts";
import type { Violation } from "../repository/violation.ts";

const ASLEEP = /\b(?:test|describe|it)\.(?:skip|only|todo|fails)\b/;

/** Each test that is skipped, focused, a todo or expected to fail without `reason:` on its line. */
export function sleepingTests(repository: Repository): Violation[] {
  return repository.sources.flatMap(({ file, text, code }) => {
    const lines = text.split("\n");
    return code.split("\n").flatMap((line, i) =>
      ASLEEP.test(line) && !lines[i]?.includes("reason:")
        ? [
            {
              file,
              line: i + 1,
              what: `this test does not run as usual: ${line.trim()}`,
              remedy: "run it, or add `// reason: …` to its line",
            },
          ]
        : [],
    );
  });
}

const PATIENT = "patient(...), of tests/patience.ts";
/** A bound in plain milliseconds fails on a busy machine, which says nothing about the code. */
const BOUNDS: readonly (readonly [RegExp, remedy: string])[] = [
  [/^ *\}\)?,\s*[\d_]+,?\s*\);?$/gm, "drop it: vitest.config.ts states each project's bound"],
  [/\beventually\([^;]*?,\s*[\d_]{4,},?\s*\)/g, `drop it, or ${PATIENT}`],
  [/(?:^|[{(,])\s*(?:test|hook)?[tT]imeout: *\d/gm, PATIENT],
  [/\b\w*(?:[wW]ithinMs|WITHIN_MS)(?::| =) *[\d_]{4,}/g, PATIENT],
  [/\bAbortSignal\.timeout\(\d/g, PATIENT],
];

/** Each time bound of a test that is not multiplied by the machine's factor. */
export function plainBounds(repository: Repository): Violation[] {
  return repository.sources
    .filter(({ file }) => isTest(file))
    .flatMap(({ file, text }) =>
      BOUNDS.flatMap(([pattern, remedy]) =>
        [...text.matchAll(pattern)].map((match) => ({
          file,
          line: lineAt(text, match.index + match[0].length),
          what: `a bound in plain milliseconds: ${match[0].split("\n").at(-1)?.trim()}`,
          remedy,
        })),
      ),
    );
}
