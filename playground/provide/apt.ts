/**
 * Server programs from Debian's and Ubuntu's package manager, into a private folder of the user's cache: no root
 * needed, nothing on the system is changed. apt itself decides which packages are needed beside the ones that are
 * installed, and from which archive; packages are only downloaded and unpacked, their scripts never run.
 */
import { execFile } from "node:child_process";
import { access, constants, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { systemCode } from "../problem.ts";
import { asProgram, type Program, programNames } from "./program.ts";
import { isEnough, type ServerName } from "./versions.ts";

const run = promisify(execFile);
/** A bound for an apt that hangs. apt itself aborts a download without progress after `STILL_SECONDS`. */
const APT_WITHIN_MS = 1_800_000;
const STILL_SECONDS = 60;

/** Debian's packages, by server. */
const packages = { nats: "nats-server", redis: "redis-server" } as const;
export type AptServer = keyof typeof packages;

/** The user's cache folder for Baton: `$XDG_CACHE_HOME/baton`, else `~/.cache/baton`. */
export function cacheDir(env: NodeJS.ProcessEnv): string {
  const base =
    env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME)
      ? env.XDG_CACHE_HOME
      : path.join(env.HOME || os.homedir(), ".cache");
  return path.join(base, "baton");
}

/** The user's cache folder, or `cache` in the state folder `dir` when the user's home cannot be written to. */
export async function writableCacheDir(env: NodeJS.ProcessEnv, dir: string): Promise<string> {
  const cache = cacheDir(env);
  try {
    await mkdir(cache, { recursive: true });
    await access(cache, constants.W_OK);
    return cache;
  } catch {
    return path.join(dir, "cache");
  }
}

/** The system that the packages are for, such as `debian-12-x64`: they fit no other. */
export async function systemId(): Promise<string> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const field = (name: string): string => new RegExp(`^${name}="?([\\w.-]*)`, "m").exec(release)?.[1] ?? "";
  return [
    field("ID") || "linux",
    field("VERSION_ID") || field("VERSION_CODENAME") || "any",
    process.arch,
  ].join("-");
}

const serversDir = async (cache: string): Promise<string> => path.join(cache, "servers", await systemId());

/** The library folders of the packages unpacked below `tree`, as a value for LD_LIBRARY_PATH. */
async function libraryPathOf(tree: string): Promise<string> {
  const found: string[] = [];
  for (const lib of ["usr/lib", "lib"]) {
    const folder = path.join(tree, lib);
    const below = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of below) {
      if (entry.isDirectory() && entry.name.includes("-linux-")) found.push(path.join(folder, entry.name));
    }
  }
  return found.join(":");
}

/** The program for `server` that an earlier `fetchWithApt` left in `cache`; null without one of sufficient version. */
export async function findCached(server: ServerName, cache: string): Promise<Program | null> {
  const base = await serversDir(cache);
  const trees = (await readdir(base).catch(() => [])).filter((name) => !name.startsWith("."));
  for (const tree of trees.map((name) => path.join(base, name))) {
    const libraryPath = await libraryPathOf(tree);
    for (const name of programNames[server]) {
      for (const folder of ["usr/bin", "usr/sbin"]) {
        const program = await asProgram(path.join(tree, folder, name), libraryPath);
        if (program && isEnough(server, program.version)) return program;
      }
    }
  }
  return null;
}

/** True when the tools that `fetchWithApt` uses are on the PATH of `env`. */
export async function hasApt(env: NodeJS.ProcessEnv): Promise<boolean> {
  const tools = await Promise.all(
    ["apt-get", "dpkg-deb"].map((tool) => run(tool, ["--version"], { env }).catch(() => null)),
  );
  return tools.every((answer) => answer !== null);
}

/** Options that make apt write only below `work`, take no system lock, and read the system's own sources. */
const privately = (work: string): string[] => [
  "-o",
  `Dir::Cache=${path.join(work, "cache")}`,
  "-o",
  "Debug::NoLocking=1",
  "-o",
  "Acquire::Retries=2",
  ...["http", "https"].flatMap((how) => ["-o", `Acquire::${how}::Timeout=${STILL_SECONDS}`]),
];

/** For a system whose package lists are empty or out of date: our own lists, of the packages' names only. */
const withOwnLists = (work: string): string[] => [
  "-o",
  `Dir::State=${path.join(work, "state")}`,
  "-o",
  "Dir::State::status=/var/lib/dpkg/status",
  "-o",
  "Acquire::Languages=none",
  "-o",
  "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
];

type Apt = (args: readonly string[]) => Promise<void>;

const aptWith =
  (env: NodeJS.ProcessEnv, signal: AbortSignal): Apt =>
  async (args) => {
    const quiet = { ...env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
    await run("apt-get", ["-q", "-y", ...args], {
      env: quiet,
      signal,
      timeout: APT_WITHIN_MS,
      maxBuffer: 4 * 1024 * 1024,
    });
  };

/** Downloads `names` and what they need into `work`; the paths of the packages. */
async function download(
  names: readonly string[],
  work: string,
  apt: Apt,
  signal: AbortSignal,
): Promise<string[]> {
  const archives = path.join(work, "cache/archives");
  await mkdir(path.join(archives, "partial"), { recursive: true });
  await mkdir(path.join(work, "state/lists/partial"), { recursive: true });
  const install = ["install", "--download-only", "--no-install-recommends", ...names];
  try {
    await apt([...privately(work), ...install]);
  } catch {
    signal.throwIfAborted();
    const own = [...privately(work), ...withOwnLists(work)];
    await apt([...own, "update"]);
    await apt([...own, ...install]);
  }
  const files = (await readdir(archives)).filter((name) => name.endsWith(".deb"));
  // A C library beside the system's own would not fit the system's loader.
  return files.filter((name) => !/^libc6_/.test(name)).map((name) => path.join(archives, name));
}

/**
 * Downloads and unpacks `servers` into the cache folder `cache`, once for all playgrounds of this user. Two processes
 * may do so at once: each works in its own folder, and the first to finish puts its tree into place. Rejects with apt's
 * error.
 */
export async function fetchWithApt(
  servers: readonly AptServer[],
  cache: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const names = servers.map((server) => packages[server]).toSorted();
  const areThere = async (): Promise<boolean> =>
    !(await Promise.all(servers.map((server) => findCached(server, cache)))).includes(null);
  await unpackWithApt(names, await serversDir(cache), areThere, env, signal);
}

/**
 * Downloads the packages `names` with what they need, and unpacks all of them as the folder
 * `<base>/<names, joined by +>`, unless `areThere` says that another process has done so meanwhile. Rejects with apt's
 * error.
 */
export async function unpackWithApt(
  names: readonly string[],
  base: string,
  areThere: () => Promise<boolean>,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(base, { recursive: true });
  const work = await mkdtemp(path.join(base, ".work-"));
  try {
    const tree = path.join(work, "tree");
    await mkdir(tree);
    for (const file of await download(names, work, aptWith(env, signal), signal)) {
      await run("dpkg-deb", ["-x", file, tree], { env, signal });
    }
    if (!(await areThere()))
      await putIntoPlace(tree, path.join(base, names.join("+")), path.join(work, "old"));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Moves `tree` to `place`. An older tree is moved to `aside`, so that programs that run from it go on. */
async function putIntoPlace(tree: string, place: string, aside: string): Promise<void> {
  try {
    await rename(tree, place);
  } catch (error) {
    if (systemCode(error) !== "ENOTEMPTY" && systemCode(error) !== "EEXIST") throw error;
    await rename(place, aside);
    await rename(tree, place);
  }
}
