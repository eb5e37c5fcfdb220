/** Where the registry lies, and its files read. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { type Group, readGroups } from "./form.ts";

export const root = path.dirname(import.meta.dirname);
/** Our own part, from the project's root. */
export const OWN = "telemetry/registry";
/** What is drawn from upstream. */
export const UPSTREAM = "telemetry/upstream/semantic-conventions.yaml";

export interface RegistryFile {
  /** From the project's root. */
  readonly file: string;
  readonly groups: readonly Group[];
}

/** One file. Throws when it has not the form of a registry. */
export async function readFileOf(file: string): Promise<RegistryFile> {
  return { file, groups: readGroups(file, await readFile(path.join(root, file), "utf8")) };
}

/** All files of our own part. */
export async function ownFiles(): Promise<RegistryFile[]> {
  const names = await readdir(path.join(root, OWN));
  const files = names.filter((name) => name.endsWith(".yaml") && name !== "manifest.yaml").toSorted();
  return Promise.all(files.map((name) => readFileOf(path.posix.join(OWN, name))));
}
