/** How long a file may be: one file, one idea. */
import { type Exceptions, outdated } from "../repository/exception.ts";
import { isTest, type Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

const MAX_LINES = 250;
/** Complete tables of cases and of rules are long. */
const MAX_TEST_LINES = 400;
/** Files that may be longer. */
const LONG: Exceptions = {
  "services/_kit/telemetry/conventions.ts":
    "rendered: every name that code writes or reads, with what it means",
};

/** Each file that is longer than it may be. */
export function longFiles(repository: Repository, longer = LONG): Violation[] {
  const long = repository.sources.filter(
    ({ file, lines }) => lines > (isTest(file) ? MAX_TEST_LINES : MAX_LINES),
  );
  return [
    ...long
      .filter(({ file }) => !(file in longer))
      .map(({ file, lines }) => ({
        file,
        line: isTest(file) ? MAX_TEST_LINES + 1 : MAX_LINES + 1,
        what: `the file has ${lines} lines`,
        remedy: `split it by idea: ${isTest(file) ? MAX_TEST_LINES : MAX_LINES} at most`,
      })),
    ...outdated(
      repository,
      "tests/tidy/shape/length.ts",
      longer,
      long.map(({ file }) => file),
      "that file is short enough, or does not exist",
    ),
  ];
}
