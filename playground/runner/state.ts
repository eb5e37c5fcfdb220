/**
 * The playground that runs here: `run.json` in the state folder, written by the runner, read by every other command.
 * The process' start time tells the file of a killed runner from that of a live one, because process ids are reused.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { Problem, systemCode } from "../problem.ts";
import type { Ports } from "./ports.ts";

const run = promisify(execFile);

/** One process of the playground, as `npm run status` shows it. */
export interface RunPart {
  readonly name: string;
  readonly pid: number | null;
  readonly port: number;
  /** Address that answers 200 when the part is ready; empty for the servers. */
  readonly ready: string;
  /** How often it has exited without being asked. */
  readonly exits: number;
}

/** The content of run.json. Its addresses have no passwords. */
export interface Run {
  readonly pid: number;
  /** Identity of the runner's process: see processStart. */
  readonly started: string;
  /** When the runner started, ISO 8601. */
  readonly since: string;
  readonly ports: Ports;
  readonly urls: Readonly<Record<string, string>>;
  readonly parts: readonly RunPart[];
  /** The page of metrics of the part that would send a copy of all telemetry. */
  readonly copyPage: string;
}

/** The state folder: `BATON_STATE_DIR`, else `.baton` in the project. Absolute. */
export const stateDir = (root: string, env: NodeJS.ProcessEnv): string =>
  env.BATON_STATE_DIR ? path.resolve(env.BATON_STATE_DIR) : path.join(root, ".baton");

/**
 * When process `pid` started, as an opaque text that no other process with this id will ever have; null when no such
 * process runs. Linux: boot id and start tick of /proc/<pid>/stat; elsewhere the output of `ps`.
 */
export async function processStart(pid: number): Promise<string | null> {
  if (process.platform !== "linux") {
    const asked = await run("ps", ["-o", "lstart=", "-p", String(pid)], {
      env: { LC_ALL: "C", PATH: process.env.PATH },
    }).catch(() => null);
    return asked?.stdout.trim() || null;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field, the command in brackets, may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [status, tick] = [fields[0], fields[19]];
  if (!tick || status === "Z" || status === "X") return null;
  return `${(await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim()}:${tick}`;
}

const fileIn = (dir: string): string => path.join(dir, "run.json");

async function readRun(file: string): Promise<{ text: string; run: Run | null } | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    return { text, run: JSON.parse(text) as Run };
  } catch {
    return { text, run: null };
  }
}

/** The playground that runs in `dir`; null when none does, also when its runner was killed. */
export async function runningIn(dir: string): Promise<Run | null> {
  const found = await readRun(fileIn(dir));
  if (!found?.run) return null;
  return (await processStart(found.run.pid)) === found.run.started ? found.run : null;
}

/** The right to run a playground in a folder. */
export interface Claim {
  /** Publishes the current addresses and parts. */
  update(addresses: Run["urls"], parts: readonly RunPart[]): Promise<void>;
  release(): Promise<void>;
}

const alreadyRunning = (run: Run): Problem =>
  new Problem(
    "already_running",
    `a playground is running here already: process ${run.pid}, since ${run.since}\n` +
      `${Object.entries(run.urls)
        .map(([name, url]) => `  ${name}  ${url}`)
        .join("\n")}\n` +
      "Stop it with: npm run down",
  );

/** Removes a dead runner's file; puts it back if another runner has written it in the meantime. */
async function removeStale(file: string, staleText: string): Promise<void> {
  const aside = `${file}.${randomUUID()}.stale`;
  await rename(file, aside).catch((error) => {
    if (systemCode(error) !== "ENOENT") throw error;
  });
  const moved = await readFile(aside, "utf8").catch(() => staleText);
  if (moved !== staleText) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

/**
 * Claims `dir` (made when missing) for a playground of this process. Rejects with the Problem `already_running` when
 * one runs there. The file appears completely or not at all: it is written under another name and linked into place,
 * which fails if there is a file already.
 */
export async function claim(dir: string, ports: Ports, copyPage: string): Promise<Claim> {
  await mkdir(dir, { recursive: true });
  const file = fileIn(dir);
  const aside = `${file}.${randomUUID()}.new`;
  const started = await processStart(process.pid);
  if (!started) throw new Error("cannot tell when this process started");
  let current: Run = {
    pid: process.pid,
    started,
    since: new Date().toISOString(),
    ports,
    urls: {},
    parts: [],
    copyPage,
  };
  const write = (): Promise<void> => writeFile(aside, JSON.stringify(current, null, 2), { mode: 0o644 });

  await write();
  try {
    for (let tries = 0; ; tries++) {
      const taken = await link(aside, file).then(
        () => null,
        (error) => error,
      );
      if (taken === null) break;
      if (systemCode(taken) !== "EEXIST" || tries === 10) throw taken;
      const found = await readRun(file);
      if (found?.run && (await processStart(found.run.pid)) === found.run.started)
        throw alreadyRunning(found.run);
      if (found) await removeStale(file, found.text);
    }
  } finally {
    await unlink(aside);
  }

  let writing = Promise.resolve();
  return {
    update(urls, parts) {
      current = { ...current, urls, parts };
      writing = writing.then(async () => {
        await write();
        await rename(aside, file);
      });
      return writing;
    },
    async release() {
      await writing.catch(() => {});
      await rm(file, { force: true });
    },
  };
}
