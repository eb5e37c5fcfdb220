/**
 * A place where Postgres can run when we are root. It refuses to run as root, so it runs as the user nobody. This user
 * cannot enter a home folder of mode 0700, so binaries and data below one are moved to root's own folder in /var/tmp.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { Problem, systemCode } from "../problem.ts";

const run = promisify(execFile);

/** The user and the group nobody, by number. */
export const NOBODY = { uid: 65_534, gid: 65_534 } as const;
const PLACE = "/var/tmp/baton-root";
/** File beside the data in root's place that names the state folder to which the data belongs. */
const OF = "of";
const OTHERS_MAY_ENTER = 0o001;
const OTHERS_MAY_WRITE = 0o022;

export const isRoot = (): boolean => process.getuid?.() === 0;

/** True when every folder from the root down to `target` lets others enter, and `target` itself, too. */
export async function isReachableByNobody(target: string): Promise<boolean> {
  for (let at = path.resolve(target); ; at = path.dirname(at)) {
    if (((await stat(at)).mode & OTHERS_MAY_ENTER) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/**
 * Root's own folder for files that the user nobody reads. Another user may have created this name in /var/tmp first, so
 * it must be a real folder that belongs to root and that no other user may write to.
 */
async function rootsPlace(): Promise<string> {
  try {
    await mkdir(PLACE);
    await chmod(PLACE, 0o755);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
  const found = await lstat(PLACE);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & OTHERS_MAY_WRITE) !== 0) {
    throw new Problem(
      "server_unfit",
      `${PLACE} is not a folder that only root can write to; remove it and start again`,
    );
  }
  return PLACE;
}

const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/**
 * The folder from which the user nobody can run Postgres' programs (`bin/`, `lib/`, `share/`): `folder` itself if it
 * can be reached, else a copy of it, made once for each `version`.
 */
export async function runnableByNobody(folder: string, version: string): Promise<string> {
  if (await isReachableByNobody(path.join(folder, "bin", "postgres"))) return folder;
  const base = await rootsPlace();
  const copy = path.join(base, `postgres-${version}-${process.arch}-${shortHash(folder)}`);
  if ((await lstat(copy).catch(() => null))?.isDirectory()) return copy;
  const aside = await mkdtemp(path.join(base, ".copy-"));
  try {
    await cp(folder, path.join(aside, "tree"), { recursive: true, verbatimSymlinks: true });
    await run("chmod", ["-R", "a+rX,go-w", path.join(aside, "tree")]);
    // Two processes may make the same copy: the first rename wins, the second fails because the folder is there.
    await rename(path.join(aside, "tree"), copy).catch((error) => {
      if (systemCode(error) !== "ENOTEMPTY" && systemCode(error) !== "EEXIST") throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return copy;
}

/** Removes the data of playgrounds whose own folder has been deleted. */
async function sweep(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    const playground = await readFile(path.join(base, name, OF), "utf8").catch(() => null);
    if (playground === null || (await lstat(playground).catch(() => null))) continue;
    await rm(path.join(base, name), { recursive: true, force: true });
  }
}

/** Postgres' data folder of the playground in `dir`: `data/postgres`, or one in root's place if nobody cannot enter. */
export async function homeForNobody(dir: string): Promise<string> {
  const inside = path.join(dir, "data", "postgres");
  if (await isReachableByNobody(path.dirname(inside))) return inside;
  const base = await rootsPlace();
  await sweep(base);
  const outside = path.join(base, `data-${shortHash(dir)}`);
  await mkdir(outside, { recursive: true, mode: 0o755 });
  await writeFile(path.join(outside, OF), dir);
  return path.join(outside, "postgres");
}

/** Makes `folder`, and gives it to the user nobody. */
export async function giveToNobody(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chown(folder, NOBODY.uid, NOBODY.gid);
}
