/** Files that only pass on what others export: they hide where a thing is, and make circles. */
import { isProduct, type Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

const PASSED = /export\s+(type\s+)?(\{[^}]*\}|\*(\s+as\s+\w+)?)\s+from\s+"[^"]*"\s*;?/g;

/** Each file of the product that has nothing of its own. */
export function barrels(repository: Repository): Violation[] {
  return repository.sources
    .filter((source) => isProduct(source) && source.code.replace(PASSED, "").trim() === "")
    .map(({ file }) => ({
      file,
      line: 1,
      what: "this file only passes on what others export",
      remedy: "remove it, and import from where a thing is made",
    }));
}
