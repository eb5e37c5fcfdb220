/** Gets a program of the full stack: found on the PATH or in the cache, else made once for this user. */
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { Problem } from "../problem.ts";
import { hasApt, systemId, unpackWithApt, writableCacheDir } from "../provide/apt.ts";
import { versionText } from "../provide/versions.ts";
import type { Reporter } from "../terminal/report.ts";
import { build, hasGo } from "./build.ts";
import { cacheKey, catalogue, type StackProgramName } from "./catalogue.ts";
import { asStackProgram, onPath, type StackProgram } from "./find.ts";

interface Lock {
  lock(file: string, onWait: () => void): Promise<() => void>;
}
const { lock } = createRequire(import.meta.url)("../boot/lock.cjs") as Lock;

export interface StackProgramOptions {
  /** The project's folder. */
  readonly root: string;
  /** State folder, absolute: takes the cache when the user's home cannot be written to. */
  readonly dir: string;
  /** Read: PATH, HOME, XDG_CACHE_HOME; go gets all of it. */
  readonly env: NodeJS.ProcessEnv;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

/** Where a made program is, and in which folder it is made. */
interface Place {
  /** Folder of the cache that all programs of the stack are in. */
  readonly base: string;
  readonly file: string;
}

async function placeOf(name: StackProgramName, options: StackProgramOptions): Promise<Place> {
  const cache = await writableCacheDir(options.env, options.dir);
  const key = await cacheKey(name, options.root);
  if (catalogue[name].origin.kind !== "apt") {
    const base = path.join(cache, "stack");
    return { base, file: path.join(base, key, name) };
  }
  const base = path.join(cache, "stack", await systemId());
  return { base, file: path.join(base, key, "usr", "bin", name) };
}

/** `name` from the PATH or from the cache; null when it is missing or too old. */
export async function findStackProgram(
  name: StackProgramName,
  options: StackProgramOptions,
): Promise<StackProgram | null> {
  const found = await onPath(name, options.env.PATH ?? "", options.root);
  if (found) return found;
  const { file } = await placeOf(name, options);
  return asStackProgram(name, file, "cache", options.root);
}

/**
 * `name`, from the PATH or the cache, or made now: built with Go at the version that the catalogue pins, or unpacked
 * from the machine's own package manager. Two simultaneous calls make it once. Rejects with the Problem
 * `server_missing`, which says how to get it, or with the signal's reason; the cache then holds nothing incomplete.
 */
export async function stackProgram(
  name: StackProgramName,
  options: StackProgramOptions,
): Promise<StackProgram> {
  const found = await findStackProgram(name, options);
  if (found) return found;
  const { title } = catalogue[name];
  const done = options.report.begin(`${title}, made once for your cache folder`);
  const startMs = Date.now();
  try {
    const made = await makeOnce(name, options);
    const seconds = ((Date.now() - startMs) / 1_000).toFixed(0);
    options.report.say(`${title} ${made.version} is in your cache folder now, after ${seconds} s`);
    return made;
  } catch (error) {
    options.signal.throwIfAborted();
    throw error instanceof Problem ? error : missing(name, lastLines(error), error);
  } finally {
    done();
  }
}

/** Makes `name` unless another process did while this one waited for the lock. */
async function makeOnce(name: StackProgramName, options: StackProgramOptions): Promise<StackProgram> {
  const place = await placeOf(name, options);
  await mkdir(place.base, { recursive: true });
  const unlock = await lock(path.join(place.base, `${await cacheKey(name, options.root)}.lock`), () =>
    options.report.say(`another process is making ${catalogue[name].title}; waiting for it`),
  );
  try {
    options.signal.throwIfAborted();
    const cached = async (): Promise<StackProgram | null> =>
      asStackProgram(name, place.file, "cache", options.root);
    const meanwhile = await cached();
    if (meanwhile) return meanwhile;
    await make(name, place, async () => (await cached()) !== null, options);
    const made = await cached();
    if (!made) throw missing(name, "what was made here does not run, or is too old");
    return made;
  } finally {
    unlock();
  }
}

async function make(
  name: StackProgramName,
  { base, file }: Place,
  isThere: () => Promise<boolean>,
  { root, env, report, signal }: StackProgramOptions,
): Promise<void> {
  const { title, origin, build: told } = catalogue[name];
  if (origin.kind === "none") throw missing(name, "it can neither be built here nor unpacked");
  if (origin.kind === "apt") {
    if (!(await hasApt(env))) throw missing(name, "this machine has no apt");
    return unpackWithApt([origin.package], base, isThere, env, signal);
  }
  if (!(await hasGo(env))) throw missing(name, "there is no go on the PATH to build it with");
  if (told)
    report.say(
      `${title} is neither on the PATH nor in your cache folder. Go now builds it there, once, because ` +
        `${told.needed}. That takes ${told.lasts} on two cores.`,
    );
  const work = await mkdtemp(path.join(base, ".work-"));
  try {
    const out = path.join(work, "out");
    await mkdir(out);
    await build(origin, { root, work, file: path.join(out, name), env, signal });
    const folder = path.dirname(file);
    // A program that is there already does not run, or is too old: makeOnce has checked it.
    await rm(folder, { recursive: true, force: true });
    await rename(out, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The last lines of a failed program's output, which hold the reason. */
function lastLines(error: unknown): string {
  const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
  const text = said || (error instanceof Error ? error.message : String(error));
  return text.split("\n").slice(-4).join("\n  ");
}

function missing(name: StackProgramName, why: string, cause?: unknown): Problem {
  const { title, least, commands, advice } = catalogue[name];
  return new Problem(
    "server_missing",
    `missing on this machine: ${title} ${versionText(least)} or later, as ${commands.join(" or ")} on the PATH\n` +
      `It could not be made here:\n  ${why}\nGet it: ${advice}`,
    { cause },
  );
}
