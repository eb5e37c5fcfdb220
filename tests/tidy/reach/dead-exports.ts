/**
 * Exported values that no other file imports. Types are left out: a type is exported with the signature that uses it,
 * even when no other file names it.
 */
import { type Exceptions, outdated } from "../repository/exception.ts";
import type { Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

/** Values that something outside of this repository's files uses, by `<file> <name>`. */
const FOR_OTHERS: Exceptions = {
  "vitest.config.ts default": "vitest reads it",
  "tests/servers.ts setup": "vitest calls it",
  "load/k6.ts options": "k6 reads it",
  "load/k6.ts setup": "k6 calls it",
  "load/k6.ts default": "k6 calls it",
  "load/k6.ts handleSummary": "k6 calls it",
  "services/_kit/events/nats/headers.ts natsSetter": "for a reader who copies the module",
};

/** Each exported value that no file imports. */
export function deadExports(repository: Repository, forOthers = FOR_OTHERS): Violation[] {
  const used = new Map<string, Set<string>>();
  for (const { imports } of repository.sources)
    for (const { target, names } of imports)
      used.set(target, new Set([...(used.get(target) ?? []), ...names]));
  const dead = repository.sources.flatMap(({ file, exports }) => {
    const names = used.get(file);
    if (names?.has("*")) return [];
    return exports
      .filter(({ name, typeOnly }) => !typeOnly && !names?.has(name))
      .map(({ name, line }) => ({ file, name, line, key: `${file} ${name}` }));
  });
  return [
    ...dead
      .filter(({ key }) => !(key in forOthers))
      .map(({ file, name, line }) => ({
        file,
        line,
        what: `no other file imports ${name}`,
        remedy: "drop `export`, or remove it if this file does not use it either",
      })),
    ...outdated(
      repository,
      "tests/tidy/reach/dead-exports.ts",
      forOthers,
      dead.map(({ key }) => key),
      "a file imports it, or it does not exist",
    ),
  ];
}
