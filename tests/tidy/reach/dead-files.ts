/** Files that no program reaches by imports, or by the paths that it names, from the files where programs start. */
import { type Exceptions, outdated } from "../repository/exception.ts";
import { isGenerated, isProduct, type Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";
import { mentions } from "./mentions.ts";

/** The files from which people, containers and CI start programs. */
const STARTS =
  /^(package\.json|compose\.yaml|Dockerfile|vitest\.config\.ts|buf\.gen\.yaml|\.ci\/.*|\.github\/.*)$/;
/** The files that must be reached. Contracts and recorded data are not: code reads them by their folder. */
const CODE = /\.(ts|cjs|sh|sql|ya?ml)$/;

/** Files of the product that only tests reach, and that are not fixtures. */
const FOR_TESTS: Exceptions = {
  "collector/lens/journey/killed.ts": "belongs to the journeys; the tests that kill a process use it",
  "load/verdict.ts": "the verdict on a scenario, for every tool that runs one",
};

function reachedFrom(starts: readonly string[], edges: (file: string) => readonly string[]): Set<string> {
  const reached = new Set<string>();
  const waiting = [...starts];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    waiting.push(...edges(file));
  }
  return reached;
}

/** The files that a file reaches by its imports, and by the paths in its strings. */
function edgesOf(repository: Repository): (file: string) => readonly string[] {
  const named = mentions(repository.files);
  const sources = new Map(repository.sources.map((source) => [source.file, source]));
  const known = new Map<string, readonly string[]>();
  return (file) => {
    let edges = known.get(file);
    if (!edges) {
      const source = sources.get(file);
      const imported = (source?.imports ?? []).filter(({ ours }) => ours).map(({ target }) => target);
      const text = /\.(binpb|js|d\.ts)$/.test(file) ? "" : (source?.code ?? repository.text(file));
      edges = [...imported, ...named(file, text)].filter((target) => target !== file);
      known.set(file, edges);
    }
    return edges;
  };
}

/** Each file of code that nothing reaches, and each file of the product that only tests reach. */
export function deadFiles(repository: Repository, forTests = FOR_TESTS): Violation[] {
  const there = new Set(repository.files);
  const edges = edgesOf(repository);
  const reach = (file: string): readonly string[] => (there.has(file) ? edges(file) : []);
  const product = new Set(repository.sources.filter(isProduct).map(({ file }) => file));
  const starts = repository.files.filter((file) => STARTS.test(file));
  const tests = repository.files.filter((file) => file.endsWith(".test.ts"));
  const byProgram = reachedFrom(starts, (file) =>
    file.endsWith(".ts") && !product.has(file) ? [] : reach(file),
  );
  const byTest = reachedFrom([...starts, ...tests], reach);
  const code = repository.files.filter((file) => CODE.test(file) && !isGenerated(file));
  const dead = code.filter((file) => !byTest.has(file));
  const tested = code.filter((file) => product.has(file) && byTest.has(file) && !byProgram.has(file));
  return [
    ...dead.map((file) => ({
      file,
      line: 1,
      what: "nothing starts, imports or names this file",
      remedy: "remove it, or name it where it is needed",
    })),
    ...tested
      .filter((file) => !(file in forTests))
      .map((file) => ({
        file,
        line: 1,
        what: "only tests reach this file",
        remedy: "remove it with its test, or call it *.fixture.ts",
      })),
    ...outdated(
      repository,
      "tests/tidy/reach/dead-files.ts",
      forTests,
      tested,
      "a program reaches that file, or it does not exist",
    ),
  ];
}
