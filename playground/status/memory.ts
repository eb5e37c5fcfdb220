/** The memory of processes, each with its descendants. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const KB = 1024;

/** Parents of all processes, by process id. */
async function parents(): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  if (process.platform !== "linux") {
    const { stdout } = await run("ps", ["-axo", "pid=,ppid="]);
    for (const line of stdout.trim().split("\n")) {
      const [pid, parent] = line.trim().split(/\s+/).map(Number);
      if (pid && parent !== undefined) found.set(pid, parent);
    }
    return found;
  }
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const look = async (pid: string): Promise<void> => {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // The command in brackets may hold spaces and brackets itself; after it stand the state and the parent.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (parent > 0) found.set(Number(pid), parent);
  };
  await Promise.all(pids.map(look));
  return found;
}

/**
 * On Linux, the proportional share of process `pid`: pages that it shares with others are divided among them, so that
 * shares can be added up. Elsewhere its resident memory. 0 for a process that is gone.
 */
async function bytesOf(pid: number): Promise<number> {
  const asked = (text: string, name: string): string | undefined =>
    new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1];
  if (process.platform !== "linux") {
    const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
    return Number(stdout.trim()) * KB;
  }
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  const share =
    asked(rollup, "Pss") ?? asked(await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""), "VmRSS");
  return Number(share ?? 0) * KB;
}

/** What `memoryOf` counts: `PSS` can be added up, `resident` counts shared pages once for each process. */
export const MEMORY_KIND = process.platform === "linux" ? "PSS" : "resident";

/** For each of `roots`, the bytes that it and all of its descendants take, in the same order. */
export async function memoryOf(roots: readonly number[]): Promise<number[]> {
  const parentOf = await parents();
  const isBelow = (pid: number, root: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined; at = parentOf.get(at))
      if (at === root) return true;
    return false;
  };
  const wanted = [...parentOf.keys()].filter((pid) => roots.some((root) => isBelow(pid, root)));
  const bytes = new Map<number, number>();
  await Promise.all(wanted.map(async (pid) => bytes.set(pid, await bytesOf(pid))));
  return roots.map((root) =>
    wanted.filter((pid) => isBelow(pid, root)).reduce((sum, pid) => sum + (bytes.get(pid) ?? 0), 0),
  );
}
