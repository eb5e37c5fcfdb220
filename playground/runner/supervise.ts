/**
 * Keeps a child process running and makes sure that it never outlives the runner. Each child runs under `guard.sh`, a
 * small shell that holds one end of a pipe. When the runner ends in any way, even by SIGKILL, the guard ends the child.
 * Node opens pipes close-on-exec, so that no other child holds a copy of the runner's end.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { errorFrom } from "../problem.ts";
import { boundLog, LOG_BOUND, type LogBound } from "./bound-log.ts";

/** What to run. */
export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Takes standard output and standard error; appended to. */
  readonly logFile: string;
  /** How long the log may get; `LOG_BOUND` without it. */
  readonly logBound?: LogBound;
  /** Which user and group run it; our own without it. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** The signal that asks it to end; SIGTERM without it. */
  readonly stopSignal?: "SIGTERM" | "SIGQUIT";
  /** How long it may take to end before it is killed. */
  readonly stopWithinMs: number;
}

export type ChildEvent =
  | { readonly kind: "started"; readonly name: string; readonly pid: number }
  | { readonly kind: "exited"; readonly name: string; readonly status: string; readonly restartInMs: number };

/** A supervised child. */
export interface Child {
  readonly name: string;
  readonly spec: ChildSpec;
  /** Process id of the child itself, not of its guard; null between an exit and the restart. */
  pid(): number | null;
  /** How often it has exited without being asked. */
  exits(): number;
  /** Sends the child a signal; does nothing when it is not running. */
  signal(name: NodeJS.Signals): void;
  /** Ends it and waits until it is gone. Later calls wait for the same end. */
  stop(): Promise<void>;
}

/** The time that the guard gives a child after the runner is gone; the promise is that nothing is left after 5 s. */
const ORPHAN_GRACE_SECONDS = "3";
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 5_000;
/** A child that ran this long starts again without a longer wait. */
const STEADY_AFTER_MS = 10_000;

/** The wait before restart number `exits` (from 1): 250 ms, doubling up to 5 s. */
export const backoffMs = (exits: number): number =>
  Math.min(BACKOFF_FIRST_MS * 2 ** (exits - 1), BACKOFF_MAX_MS);

/** The guard is passed to `sh -c` as text: another user's child could not read the file in a private home folder. */
const guard = readFileSync(new URL("./guard.sh", import.meta.url), "utf8");

interface Running {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly pipe: Writable;
  /** The guard's end, as words: `exit status 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
}

/** Starts `spec` once, behind a guard. Rejects when the child could not be started. */
async function launch(spec: ChildSpec): Promise<Running> {
  const log = openSync(spec.logFile, "a", 0o644);
  let child: ChildProcess;
  try {
    const guardArgs = [
      (spec.stopSignal ?? "SIGTERM").slice(3),
      ORPHAN_GRACE_SECONDS,
      spec.command,
      ...spec.args,
    ];
    child = spawn("/bin/sh", ["-c", guard, "guard.sh", ...guardArgs], {
      cwd: spec.cwd,
      env: spec.env,
      ...spec.owner,
      // Its own process group: a Ctrl-C in the terminal reaches only the runner, which then ends all children in order.
      detached: true,
      stdio: ["ignore", log, log, "pipe", "pipe"],
    });
  } finally {
    closeSync(log);
  }
  const ended = new Promise<string>((resolve) =>
    child.once("exit", (code, signal) => resolve(howItEnded(code, signal))),
  );
  // The pipe breaks when the guard ends first. Its exit status says enough.
  const pipe = child.stdio[3] as Writable;
  pipe.on("error", () => {});
  ended.then(() => pipe.destroy());
  await once(child, "spawn");
  return { process: child, pid: await readPid(child.stdio[4] as Readable), pipe, ended };
}

async function readPid(from: Readable): Promise<number> {
  let text = "";
  for await (const chunk of from) text += chunk;
  const pid = Number.parseInt(text, 10);
  if (!(pid > 0)) throw new Error("the guard ended before it could start its child");
  return pid;
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return `signal ${signal}`;
  return code !== null && code > 128 ? `signal ${code - 128}` : `exit status ${code}`;
}

/**
 * Runs `spec` until `stop()`: restarts it with back-off when it exits without being asked to, and calls `onEvent`.
 * Resolves once the child runs (not: once it is ready); rejects when it cannot be started at all.
 */
export async function supervise(spec: ChildSpec, onEvent: (event: ChildEvent) => void): Promise<Child> {
  const stopping = new AbortController();
  let running: Running | null = null;
  let exits = 0;
  let inARow = 0;

  const start = async (): Promise<void> => {
    running = await launch(spec);
    onEvent({ kind: "started", name: spec.name, pid: running.pid });
  };

  const keepRunning = async (): Promise<void> => {
    for (;;) {
      const startedAtMs = Date.now();
      const status = running ? await running.ended : "it could not be started";
      running = null;
      if (stopping.signal.aborted) return;
      exits++;
      inARow = Date.now() - startedAtMs > STEADY_AFTER_MS ? 1 : inARow + 1;
      const restartInMs = backoffMs(inARow);
      onEvent({ kind: "exited", name: spec.name, status, restartInMs });
      await delay(restartInMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      // A failed start (no memory, no process slot) counts as an exit and is tried again.
      await start().catch(() => {});
      if (stopping.signal.aborted && running) await endGently(running, spec);
    }
  };

  const end = async (): Promise<void> => {
    stopping.abort();
    if (running) await endGently(running, spec);
    await kept;
  };

  await start();
  const unbind = boundLog(spec.logFile, spec.logBound ?? LOG_BOUND);
  const kept = keepRunning().finally(unbind);
  let ending: Promise<void> | undefined;
  return {
    name: spec.name,
    spec,
    pid: () => running?.pid ?? null,
    exits: () => exits,
    signal: (name) => running?.pipe.write(`${name.slice(3)}\n`),
    stop: () => (ending ??= end()),
  };
}

/** Asks the child to end, waits, then kills it. A paused child is woken first. */
async function endGently(child: Running, spec: ChildSpec): Promise<void> {
  const say = (signal: string): boolean => child.pipe.write(`${signal}\n`);
  say((spec.stopSignal ?? "SIGTERM").slice(3));
  say("CONT");
  const waited = new AbortController();
  const late = delay(spec.stopWithinMs, "late", { signal: waited.signal }).catch((e) => errorFrom(e).name);
  if ((await Promise.race([child.ended, late])) === "late") say("KILL");
  waited.abort();
  await child.ended;
}
