/** Finds server programs on this machine and asks them for their version. */
import { execFile } from "node:child_process";
import { access, constants, realpath } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { isEnough, parseVersion, type ServerName, type Version } from "./versions.ts";

const run = promisify(execFile);

/** A program that can be run. */
export interface Program {
  /** Absolute, links resolved. */
  readonly file: string;
  readonly version: Version;
  /** Where its libraries are, when the system does not look there; else empty. */
  readonly libraryPath: string;
}

/** Names under which each server may be found, best first. */
export const programNames: Readonly<Record<ServerName, readonly string[]>> = {
  nats: ["nats-server"],
  redis: ["redis-server", "valkey-server"],
  postgres: ["postgres"],
};

/** A program that prints no version within this time cannot be run here. On a busy machine it may take seconds. */
const ANSWERS_WITHIN_MS = 60_000;

/** Debian puts servers here, but not onto an ordinary user's PATH. */
const systemFolders = ["/usr/local/sbin", "/usr/sbin"];

/** Folders to look in: those of the PATH `searchPath`, then the system's for servers; none for an empty PATH. */
export function foldersOf(searchPath: string): string[] {
  const named = searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return named.length === 0 ? [] : [...new Set([...named, ...systemFolders])];
}

/** `file` as a Program, when it can be run and prints its version; else null. */
export async function asProgram(file: string, libraryPath = ""): Promise<Program | null> {
  try {
    await access(file, constants.X_OK);
    const env = { PATH: process.env.PATH, LC_ALL: "C", ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }) };
    const { stdout } = await run(file, ["--version"], { env, timeout: ANSWERS_WITHIN_MS });
    const version = parseVersion(stdout);
    return version && { file, version, libraryPath };
  } catch {
    return null;
  }
}

/** The first program of sufficient version for `server` in `folders`; null when there is none. */
export async function findProgram(server: ServerName, folders: readonly string[]): Promise<Program | null> {
  for (const name of programNames[server]) {
    for (const folder of folders) {
      const file = await realpath(path.join(folder, name)).catch(() => null);
      // Debian's redis-server is a link to redis-check-rdb, which decides what it is by the name that it is called by.
      const callable = file && path.basename(file) === name ? file : path.join(folder, name);
      const program = file && (await asProgram(callable));
      if (program && isEnough(server, program.version)) return program;
    }
  }
  return null;
}
