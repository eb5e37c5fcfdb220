/** Tells from outside whether a process does something: its log grows, or it uses the CPU. */
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Share of one core. Answering readiness probes takes less; a working process gets more, even on a busy machine. */
const LEAST_SHARE = 0.05;
/** Linux counts a process' time in hundredths of a second, on every architecture. */
const TICK_MS = 10;

/** A process, its parent, and the CPU time of it and of those of its children that have ended. */
interface Used {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
}

/** The fields of /proc/<pid>/stat behind the command, which is in brackets and may contain spaces and brackets. */
const statOf = async (pid: number): Promise<string[]> => {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
};

const usedOnLinux = async (pid: number): Promise<number> => {
  const [user = 0, system = 0, ofUser = 0, ofSystem = 0] = (await statOf(pid)).slice(11, 15).map(Number);
  return (user + system + ofUser + ofSystem) * TICK_MS;
};

/** Reads what `ps -o ppid=,pid=,time=` prints; a time is `[[dd-]hh:]mm:ss[.cc]`. */
export function usedFromPs(text: string): Used[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [parent = "", pid = "", time = ""] = line.trim().split(/\s+/);
      const [days, clock] = time.includes("-") ? time.split("-") : ["0", time];
      const seconds = (clock ?? "").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
      return { pid: Number(pid), parent: Number(parent), cpuMs: (Number(days) * 86_400 + seconds) * 1_000 };
    });
}

/** The CPU time of `pid` and of its children, in which Postgres does its work, in ms. 0 when the process is gone. */
export async function cpuOf(pid: number): Promise<number> {
  if (process.platform === "linux") {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    const family = [pid, ...children.trim().split(/\s+/).filter(Boolean).map(Number)];
    return (await Promise.all(family.map(usedOnLinux))).reduce((sum, ms) => sum + ms, 0);
  }
  const env = { LC_ALL: "C", PATH: process.env.PATH };
  const { stdout } = await run("ps", ["-Ao", "ppid=,pid=,time="], { env }).catch(() => ({ stdout: "" }));
  const family = usedFromPs(stdout).filter((used) => used.pid === pid || used.parent === pid);
  return family.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** Returns a function that tells whether the process has moved since its last call. It calls `pid` each time. */
export function movementOf(pid: () => number | null, logFile: string): () => Promise<boolean> {
  let bytes = 0;
  let cpuMs = 0;
  let atMs = performance.now();
  return async () => {
    const id = pid();
    const before = { bytes, cpuMs, atMs };
    [bytes, cpuMs] = await Promise.all([
      stat(logFile).then(
        ({ size }) => size,
        () => 0,
      ),
      id === null ? 0 : cpuOf(id),
    ]);
    atMs = performance.now();
    return bytes !== before.bytes || cpuMs - before.cpuMs >= (atMs - before.atMs) * LEAST_SHARE;
  };
}
