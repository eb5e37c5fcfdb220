/** The same role has the same file name in every service, and every folder of services/ is a declared service. */
import type { Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

/** The part of a declaration that the rule needs. */
export interface Declared {
  readonly name: string;
  readonly database: boolean;
}

const TOPOLOGY = "services/topology.ts";
const EACH = ["main.ts", "service.ts"];
const STORED = ["store.ts", "store.hop.test.ts", "schema.sql"];

/** Each folder that is no declared service, and each file that a service lacks or should not have. */
export function serviceFiles(repository: Repository, declared: readonly Declared[]): Violation[] {
  const there = new Set(repository.files);
  const folders = new Set(
    repository.files.flatMap((file) => /^services\/([a-z][^/]*)\//.exec(file)?.[1] ?? []),
  );
  const strange = [...folders]
    .filter((folder) => !declared.some(({ name }) => name === folder))
    .map((folder) => ({
      file: TOPOLOGY,
      line: 1,
      what: `services/${folder}/ is not declared`,
      remedy: "add it here, or remove the folder",
    }));
  const missing = declared.flatMap(({ name, database }) => {
    const wired = repository.sources.some(
      ({ file, imports }) =>
        /^services\/[a-z]+\/[a-z-]+\.hop\.test\.ts$/.test(file) &&
        imports.some(({ target }) => target === `services/${name}/service.ts`),
    );
    const needed = [...EACH, ...(database ? STORED : [])].filter(
      (file) => !there.has(`services/${name}/${file}`),
    );
    return [
      ...needed.map((file) => ({
        file: `services/${name}/${file}`,
        line: 1,
        what: "the file is missing",
        remedy: `write it: every service${STORED.includes(file) ? " with a database" : ""} has one`,
      })),
      ...(wired
        ? []
        : [
            {
              file: `services/${name}/service.hop.test.ts`,
              line: 1,
              what: "no test runs the service with all of its wiring",
              remedy: "write it",
            },
          ]),
      ...(database || !there.has(`services/${name}/store.ts`)
        ? []
        : [
            {
              file: `services/${name}/store.ts`,
              line: 1,
              what: "the service has a store but declares no database",
              remedy: `declare \`database: true\` in ${TOPOLOGY}`,
            },
          ]),
    ];
  });
  return [...strange, ...missing];
}
