/** Processes, their memory and their CPU time, as Linux tells them. */
import { readdir, readFile } from "node:fs/promises";

export interface Process {
  readonly pid: number;
  readonly parent: number;
}

/** Proportional set size of a process in MB, which adds up over processes that share pages; 0 when it is gone by now. */
export async function pssMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024;
}

/** Linux counts CPU time for programs in hundredths of a second, whatever the kernel's own clock (USER_HZ, proc(5)). */
const MS_PER_TICK = 10;

/** A process with the milliseconds that it, and every child of it that has ended and was waited for, ran on a core. */
interface Ran extends Process {
  readonly cpuMs: number;
}

async function ran(): Promise<Ran[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return stats.flatMap((stat) => {
    // The second field, the command in brackets, may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // utime, stime, cutime and cstime are fields 14 to 17, of which the first two are cut off here.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const one = { pid: Number.parseInt(stat, 10), parent: Number(fields[1]), cpuMs: ticks * MS_PER_TICK };
    return stat ? [one] : [];
  });
}

/** All processes of this machine. */
export const processes = async (): Promise<Process[]> =>
  (await ran()).map(({ pid, parent }) => ({ pid, parent }));

/**
 * Milliseconds that `root` and all processes below it have run on a core so far, in user and kernel mode, with those
 * that have ended since. Exact to 10 ms for each process.
 */
export async function cpuMsBelow(root: number): Promise<number> {
  const all = await ran();
  const below = new Set(family(all, root, new Map()).map(({ pid }) => pid));
  return all.reduce((sum, { pid, cpuMs }) => sum + (below.has(pid) ? cpuMs : 0), 0);
}

/**
 * The process `root` and all below it, each with the nearest process at or above it that `names` knows: the part that
 * its memory counts for.
 */
export function family(
  all: readonly Process[],
  root: number,
  names: ReadonlyMap<number, string>,
): { readonly pid: number; readonly part: string }[] {
  const found: { pid: number; part: string }[] = [];
  const visit = (pid: number, above: string): void => {
    const part = names.get(pid) ?? above;
    found.push({ pid, part });
    for (const child of all) if (child.parent === pid) visit(child.pid, part);
  };
  visit(root, "");
  return found;
}

/** Milliseconds on a core. Unlike a profile's they leave out what a thread waited for one, and mean the same on a busy machine. */
export interface CpuTime {
  /** The thread that runs our JavaScript. */
  readonly mainMs: number;
  /** V8's helpers, which collect garbage and compile. */
  readonly helpersMs: number;
  /** Look-ups of files and names, compression. */
  readonly poolMs: number;
}

/** Node names its threads, V8's profiler included, which is none of the program's. */
const HELPER = "V8Worker";
const POOL = "libuv-worker";

/** The CPU time of a Node process so far, in the threads of it that live. */
export async function cpuTime(pid: number): Promise<CpuTime> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const ran = await Promise.all(
    threads.map(async (thread) => {
      const at = `/proc/${pid}/task/${thread}`;
      const name = (await readFile(`${at}/comm`, "utf8").catch(() => "")).trim();
      const ns = Number.parseInt(await readFile(`${at}/schedstat`, "utf8").catch(() => "0"), 10);
      return { name: thread === String(pid) ? "main" : name, ms: ns / 1e6 };
    }),
  );
  const of = (wanted: string): number =>
    ran.reduce((sum, { name, ms }) => sum + (name === wanted ? ms : 0), 0);
  return { mainMs: of("main"), helpersMs: of(HELPER), poolMs: of(POOL) };
}
