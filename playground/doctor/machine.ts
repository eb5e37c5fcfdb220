/** The machine itself: Node, npm, memory, disk, user, shell, folders, clock. */
import { execFile } from "node:child_process";
import { access, constants, readFile, stat, statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { cacheDir } from "../provide/apt.ts";
import { isRoot, NOBODY } from "../provide/nobody.ts";
import { type Check, type Machine, quantity } from "./check.ts";

const run = promisify(execFile);
const MB = 1024 * 1024;
const require = createRequire(import.meta.url);
const { pinnedNode, isComplete, missing } = require("../boot/packages.cjs") as {
  pinnedNode(root: string): string | null;
  isComplete(root: string): boolean;
  missing(root: string): string | null;
};

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Which Node will run it all. `running`: this process's version, without the v. */
export async function node({ root }: Machine, running = process.versions.node): Promise<Check> {
  const pinned = pinnedNode(root);
  const topic = "node";
  if (pinned && (await exists(pinned))) {
    const version = await run(pinned, ["--version"]).then(
      ({ stdout }) => stdout.trim().slice(1),
      () => null,
    );
    if (version) return { topic, standing: "ok", says: `${version}, the project's own` };
    return {
      topic,
      standing: "problem",
      says: `${pinned} cannot be run`,
      fix: "rm -r node_modules, then npm start",
    };
  }
  if (pinned) return { topic, standing: "will", says: `24 comes with the packages (this is ${running})` };
  if (running.startsWith("24.")) return { topic, standing: "ok", says: `${running}, the system's` };
  const here = `${process.platform}-${process.arch}`;
  const says = `this is ${running}, and npm has no Node 24 package for ${here}`;
  return { topic, standing: "problem", says, fix: "install Node 24" };
}

/** The npm that installs the packages. A missing npm is no problem when they are installed. */
export async function npm({ root, env }: Machine): Promise<Check> {
  const topic = "npm";
  const version = await run("npm", ["--version"], {
    env: { ...env, npm_config_update_notifier: "false" },
  }).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
  if (version) return { topic, standing: "ok", says: version };
  const standing = isComplete(root) ? "note" : "problem";
  return {
    topic,
    standing,
    says: "not on the PATH; it installs the packages",
    fix: "install npm, which comes with Node",
  };
}

/** The packages, compared with the lock file. */
export function packages({ root }: Machine): Check {
  const topic = "packages";
  if (isComplete(root)) return { topic, standing: "ok", says: "installed, as the lock file has them" };
  const first = missing(root);
  const says =
    first === "node_modules"
      ? "will be installed, about 700 MB"
      : `stale (${first}): will be installed again`;
  return { topic, standing: "will", says };
}

/** Free memory: the machine's, or the rest of a container's limit. */
export function memory(): Check {
  return quantity("memory", Math.min(os.freemem(), process.availableMemory()), {
    least: 600 * MB,
    enough: 1_200 * MB,
    fix: "end other programs; a playground takes about 800 MB",
  });
}

/** The folder `wanted`, or the nearest one above it that is there. */
async function nearest(wanted: string): Promise<string> {
  for (let at = wanted; ; at = path.dirname(at)) if ((await exists(at)) || at === path.dirname(at)) return at;
}

/** Free space on the disks that `npm start` writes to. */
export async function disk({ root, dir }: Machine): Promise<Check[]> {
  const places: [string, string, number][] = [
    ["disk, state", dir, 300 * MB],
    ...(isComplete(root) ? [] : [["disk, packages", root, 800 * MB] as [string, string, number]]),
  ];
  return Promise.all(
    places.map(async ([topic, folder, least]) => {
      const { bavail, bsize } = await statfs(await nearest(folder));
      const fix = `make room below ${folder}, or put the state elsewhere: BATON_STATE_DIR=<folder> npm start`;
      return quantity(topic, bavail * bsize, { least, enough: 2 * least, fix });
    }),
  );
}

/** The user: Postgres refuses to run as root, and its initdb wants a name for the user. */
export async function user(): Promise<Check> {
  const topic = "user";
  const entries = await readFile("/etc/passwd", "utf8").catch(() => "");
  if (isRoot()) {
    const says =
      "root; Postgres will run as nobody, with its data below /var/tmp/baton-root if that user may not enter the state folder";
    const isKnown = entries === "" || entries.includes(`:${NOBODY.uid}:`);
    if (isKnown) return { topic, standing: "ok", says };
    return {
      topic,
      standing: "problem",
      says: `root, and user ${NOBODY.uid} has no name`,
      fix: `useradd -u ${NOBODY.uid} nobody`,
    };
  }
  try {
    return { topic, standing: "ok", says: os.userInfo().username };
  } catch {
    const says = `user ${process.getuid?.()} has no name in /etc/passwd, and Postgres' initdb wants one`;
    return {
      topic,
      standing: "problem",
      says,
      fix: "add an entry, or name a running server by BATON_POSTGRES_URL",
    };
  }
}

/** The shell that guards each process. */
export async function shell(): Promise<Check> {
  const topic = "shell";
  const works = await run("/bin/sh", ["-c", "echo works"]).then(
    ({ stdout }) => stdout === "works\n",
    () => false,
  );
  if (works) return { topic, standing: "ok", says: "/bin/sh" };
  return {
    topic,
    standing: "problem",
    says: "/bin/sh does not work",
    fix: "install a POSIX shell as /bin/sh",
  };
}

/** The folders that are written to. A missing one is judged by where it would be made. */
export async function folders({ dir, env }: Machine): Promise<Check[]> {
  const wanted: [string, string, Check["standing"], string][] = [
    ["state folder", dir, "problem", "BATON_STATE_DIR=<a folder that you can write to> npm start"],
    ["cache folder", cacheDir(env), "note", "XDG_CACHE_HOME=<folder>; without it the state folder is used"],
    ["temporary folder", os.tmpdir(), "note", "TMPDIR=<folder>; only the tests need it"],
  ];
  return Promise.all(
    wanted.map(async ([topic, folder, otherwise, fix]) => {
      const at = await nearest(folder);
      const isFolder = await stat(at).then((found) => found.isDirectory());
      const writable =
        isFolder &&
        (await access(at, constants.W_OK | constants.X_OK).then(
          () => true,
          () => false,
        ));
      if (writable) return { topic, standing: "ok", says: folder } as const;
      return { topic, standing: otherwise, says: `${folder} cannot be written to`, fix };
    }),
  );
}

/** A clock before the project's own files makes certificates invalid, so that the installation fails. */
export async function clock({ root }: Machine, nowMs = Date.now()): Promise<Check> {
  const topic = "clock";
  const { mtimeMs } = await stat(path.join(root, "package.json"));
  const dayMs = 24 * 3_600_000;
  if (nowMs > mtimeMs - dayMs) return { topic, standing: "ok", says: new Date(nowMs).toISOString() };
  const says = `${new Date(nowMs).toISOString()} is before the project's files were written`;
  return { topic, standing: "problem", says, fix: "set the clock" };
}
