/** How many files a folder may have, so that a reader sees at once what is in it. */
import path from "node:path";
import { type Exceptions, outdated } from "../repository/exception.ts";
import { isTest, type Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

const MAX_IN_KIT = 16;
const MAX = 20;
/** Folders that may have more. */
const FULL: Exceptions = {};

const boundOf = (folder: string): number => (folder.startsWith("services/_kit") ? MAX_IN_KIT : MAX);

/** Each folder with more modules than it may have. Tests, fixtures and cases are not counted. */
export function fullFolders(repository: Repository, fuller = FULL): Violation[] {
  const counts = new Map<string, number>();
  for (const { file } of repository.sources) {
    if (/\.(test|fixture|case)\.ts$/.test(file)) continue;
    const folder = path.posix.dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const full = [...counts].filter(([folder, count]) => count > boundOf(folder));
  return [
    ...full
      .filter(([folder]) => !(folder in fuller))
      .map(([folder, count]) => ({
        file: repository.files.find((file) => file.startsWith(`${folder}/`) && !isTest(file)) ?? folder,
        line: 1,
        what: `${folder} has ${count} modules beside its tests`,
        remedy: `split it by idea into folders of at most ${boundOf(folder)}`,
      })),
    ...outdated(
      repository,
      "tests/tidy/shape/entries.ts",
      fuller,
      full.map(([folder]) => folder),
      "that folder has few enough, or does not exist",
    ),
  ];
}
