/** A service's use cases get what they need of the kit as arguments, so that a test runs them without the kit. */
import { isProduct, type Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

/** A service's files that wire it, or talk to other processes. */
const WIRING = /\/(main|service|store|rpc|clients|ports)\.ts$/;
const ERRORS = "services/_kit/process/errors.ts";
/** Types, which have no behaviour of their own to test. */
const TYPES = /\/order\.ts$/;

const inService = (file: string): boolean => /^services\/[a-z]+\//.test(file);

/** Each import of the kit by a use case, except of types and errors. */
export function kitInUseCases(repository: Repository): Violation[] {
  return repository.sources
    .filter((source) => isProduct(source) && inService(source.file) && !WIRING.test(source.file))
    .flatMap(({ file, imports }) =>
      imports
        .filter(
          ({ target, typeOnly }) => target.startsWith("services/_kit/") && target !== ERRORS && !typeOnly,
        )
        .map(({ target, line }) => ({
          file,
          line,
          what: `a use case imports ${target}`,
          remedy: "take it as an argument, and pass it in from service.ts",
        })),
    );
}

/** Each use case without a test beside it. */
export function untestedUseCases(repository: Repository): Violation[] {
  const there = new Set(repository.files);
  return repository.sources
    .filter((source) => isProduct(source) && inService(source.file))
    .map(({ file }) => file)
    .filter(
      (file) => !WIRING.test(file) && !TYPES.test(file) && !there.has(file.replace(/\.ts$/, ".test.ts")),
    )
    .map((file) => ({
      file,
      line: 1,
      what: "this use case has no test beside it",
      remedy: `write ${file.replace(/\.ts$/, ".test.ts")}`,
    }));
}
