/** Finds a program of the stack on this machine: on the PATH, or in the cache, where an earlier start made it. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { foldersOf } from "../provide/program.ts";
import { isAtLeast, parseVersion, type Version, versionText } from "../provide/versions.ts";
import { catalogue, type StackProgramName } from "./catalogue.ts";

const run = promisify(execFile);
const ANSWERS_WITHIN_MS = 60_000;

/** A program that can be run. */
export interface StackProgram {
  /** Absolute. */
  readonly path: string;
  readonly version: string;
  readonly from: "PATH" | "cache";
}

/** The version that `file` prints; null when it cannot be run or prints none. */
async function askVersion(name: StackProgramName, file: string): Promise<Version | null> {
  try {
    await access(file, constants.X_OK);
    const { stdout, stderr } = await run(file, [...catalogue[name].versionArgs], {
      env: { PATH: process.env.PATH, LC_ALL: "C", HOME: process.env.HOME },
      timeout: ANSWERS_WITHIN_MS,
    });
    return parseVersion(stdout) ?? parseVersion(stderr);
  } catch {
    return null;
  }
}

/**
 * `file` when it is a sufficient version of `name`, else null. A Collector must also know every component that
 * collector.yaml names: there are distributions of many sizes under the same name.
 */
export async function asStackProgram(
  name: StackProgramName,
  file: string,
  from: StackProgram["from"],
  root: string,
): Promise<StackProgram | null> {
  const version = await askVersion(name, file);
  if (!version || !isAtLeast(version, catalogue[name].least)) return null;
  if (name === "otelcol" && from === "PATH" && !(await knowsOurs(file, root))) return null;
  return { path: file, version: versionText(version), from };
}

async function knowsOurs(file: string, root: string): Promise<boolean> {
  const config = path.join(root, "collector", "collector.yaml");
  const env = { PATH: process.env.PATH };
  return run(file, ["validate", `--config=${config}`], { env, timeout: ANSWERS_WITHIN_MS }).then(
    () => true,
    () => false,
  );
}

/** The first sufficient `name` in the folders of the PATH `searchPath`; null when there is none. */
export async function onPath(
  name: StackProgramName,
  searchPath: string,
  root: string,
): Promise<StackProgram | null> {
  for (const command of catalogue[name].commands) {
    for (const folder of foldersOf(searchPath)) {
      const found = await asStackProgram(name, path.join(folder, command), "PATH", root);
      if (found) return found;
    }
  }
  return null;
}
