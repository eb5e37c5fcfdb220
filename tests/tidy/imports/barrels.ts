/** Files that only re-export: they hide where a thing is defined, and lead to circular imports. */
import { isProduct, type Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

const PASSED = /export\s+(type\s+)?(\{[^}]*\}|\*(\s+as\s+\w+)?)\s+from\s+"[^"]*"\s*;?/g;

/** Each file of the product that defines nothing itself. */
export function barrels(repository: Repository): Violation[] {
  return repository.sources
    .filter((source) => isProduct(source) && source.code.replace(PASSED, "").trim() === "")
    .map(({ file }) => ({
      file,
      line: 1,
      what: "this file only re-exports",
      remedy: "remove it, and import from the file that defines the thing",
    }));
}
