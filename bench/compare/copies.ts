/** Clean checkouts of two commits in a temporary folder, each with its packages. They are removed in any case. */
import {
  access,
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { Problem } from "../../playground/problem.ts";
import { processStart } from "../../playground/runner/state.ts";
import type { CommandLine } from "../kit/command.ts";
import { ProgramFailed, run } from "../kit/program.ts";
import { type Commit, unpack } from "./commits.ts";
import type { Side } from "./pairs.ts";

const { pinnedNode } = createRequire(import.meta.url)("../../playground/boot/packages.cjs") as {
  pinnedNode(root: string): string | null;
};

/** A commit's own files, and the Node that is pinned there. */
export interface Copy extends CommandLine {
  readonly side: Side;
  readonly commit: Commit;
}

export interface CopyOptions {
  /** The project's folder, absolute: its repository, and its packages. */
  readonly root: string;
  readonly signal: AbortSignal;
  say(line: string): void;
}

const PREFIX = "baton-compare-";
/** File in the folder that names the process which made it. */
const OWNER = "owner.json";

const owner = z.object({ pid: z.number(), started: z.string() });

/** The process that made `folder`; null while that is not written yet. */
async function ownerOf(folder: string): Promise<z.infer<typeof owner> | null> {
  try {
    return owner.parse(JSON.parse(await readFile(path.join(folder, OWNER), "utf8")));
  } catch {
    return null;
  }
}

/** Removes the folders of killed processes, except those of other users. */
async function sweep(): Promise<void> {
  const names = (await readdir(os.tmpdir())).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const folder = path.join(os.tmpdir(), name);
    const made = await ownerOf(folder);
    if (made === null || (await processStart(made.pid)) === made.started) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** A folder of this process. As root, Postgres runs as nobody and must be able to enter it. */
async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), PREFIX));
  await chmod(folder, 0o711);
  await writeFile(
    path.join(folder, OWNER),
    JSON.stringify({ pid: process.pid, started: await processStart(process.pid) }),
  );
  return folder;
}

/** The pinned Node of the checkout in `folder`; null when there is none. */
async function nodeIn(folder: string): Promise<string | null> {
  const node = pinnedNode(folder);
  const isThere =
    node !== null &&
    (await access(node).then(
      () => true,
      () => false,
    ));
  return isThere ? node : null;
}

/** Replaces a hard link by a copy. */
async function unlinked(file: string): Promise<void> {
  const aside = `${file}.own`;
  await copyFile(file, aside);
  await rename(aside, file);
}

/** Gives `copy` this project's packages: as hard links, or as copies if the temporary folder is another file system. */
async function sharePackages(root: string, copy: string, signal: AbortSignal): Promise<void> {
  const [from, to] = [path.join(root, "node_modules"), path.join(copy, "node_modules")];
  try {
    await run("cp", ["-al", from, to], { cwd: copy, signal });
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error;
    await rm(to, { recursive: true, force: true });
    await run("cp", ["-a", from, to], { cwd: copy, signal });
  }
  // Files of npm and of boot.cjs that the copy may write again: through a hard link it would change this project's.
  const entries = await readdir(to, { withFileTypes: true });
  const notes = entries.filter((entry) => entry.isFile() && entry.name.startsWith("."));
  for (const { name } of notes) await unlinked(path.join(to, name));
  // PSS divides shared pages among all processes of a program. The harness must not be one of them.
  const node = await nodeIn(copy);
  if (node) await unlinked(node);
}

/**
 * Gives the checkout in `folder` its packages. Its own command line installs missing ones, and shows whether it runs.
 */
async function packages(
  folder: string,
  temporary: string,
  { root, signal, say }: CopyOptions,
): Promise<void> {
  const lockOf = (place: string): Promise<string> => readFile(path.join(place, "package-lock.json"), "utf8");
  if ((await lockOf(folder).catch(() => "")) === (await lockOf(root)))
    await sharePackages(root, folder, signal);
  else say("its package-lock.json is another one: npm ci installs its packages, which may take minutes");
  const env = {
    ...process.env,
    BATON_STATE_DIR: path.join(temporary, "state"),
    NODE_COMPILE_CACHE: path.join(temporary, "compile-cache"),
  };
  await run(process.execPath, [path.join(folder, "playground", "boot.cjs"), "help"], {
    cwd: folder,
    env,
    signal,
  });
}

async function copyOf(side: Side, commit: Commit, temporary: string, options: CopyOptions): Promise<Copy> {
  const root = path.join(temporary, side);
  const tell = (line: string): void => options.say(`${commit.short}: ${line}`);
  tell("a clean checkout");
  await mkdir(root);
  try {
    await unpack(commit, root, options);
    await packages(root, temporary, { ...options, say: tell });
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof ProgramFailed)) throw error;
    throw new Problem("incomplete", `${commit.short} could not be made ready: ${error.message}`, {
      cause: error,
    });
  }
  return { side, commit, root, node: (await nodeIn(root)) ?? process.execPath };
}

/** Runs `use` with a copy of each commit, and removes both. Rejects with a Problem when one cannot be made ready. */
export async function withCopies<T>(
  commits: Readonly<Record<Side, Commit>>,
  options: CopyOptions,
  use: (copies: Readonly<Record<Side, Copy>>) => Promise<T>,
): Promise<T> {
  await sweep();
  const temporary = await ownFolder();
  try {
    const base = await copyOf("base", commits.base, temporary, options);
    const next = await copyOf("next", commits.next, temporary, options);
    return await use({ base, next });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
