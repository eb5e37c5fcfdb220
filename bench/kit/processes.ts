/** Processes, their memory and their CPU time, from Linux' /proc. */
import { readdir, readFile } from "node:fs/promises";

export interface Process {
  readonly pid: number;
  readonly parent: number;
}

/**
 * Proportional set size of a process in MB, which can be added up over processes that share pages; 0 when it is gone.
 */
export async function pssMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024;
}

/** Linux reports CPU time in hundredths of a second, independent of the kernel's own clock (USER_HZ, proc(5)). */
const MS_PER_TICK = 10;

/** A process with the CPU milliseconds of itself and of its children that have ended and were waited for. */
interface Ran extends Process {
  readonly cpuMs: number;
}

async function ran(): Promise<Ran[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return stats.flatMap((stat) => {
    // The second field, the command in brackets, may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // utime, stime, cutime and cstime are fields 14 to 17. The first two fields are cut off here.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const one = { pid: Number.parseInt(stat, 10), parent: Number(fields[1]), cpuMs: ticks * MS_PER_TICK };
    return stat ? [one] : [];
  });
}

/** All processes of this machine. */
export const processes = async (): Promise<Process[]> =>
  (await ran()).map(({ pid, parent }) => ({ pid, parent }));

/**
 * CPU milliseconds of `root` and all its descendants so far, in user and kernel mode, including ended ones. Exact to
 * 10 ms for each process.
 */
export async function cpuMsBelow(root: number): Promise<number> {
  const all = await ran();
  const below = new Set(family(all, root, new Map()).map(({ pid }) => pid));
  return all.reduce((sum, { pid, cpuMs }) => sum + (below.has(pid) ? cpuMs : 0), 0);
}

/**
 * The process `root` and its descendants, each with its part: the nearest process at or above it that is in `names`.
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

/**
 * CPU milliseconds. Unlike a profile's times they do not include waiting for a core, so a busy machine does not change
 * them.
 */
export interface CpuTime {
  /** The threads that run our JavaScript: the main one, then the others in the order of their start. */
  readonly threadsMs: readonly number[];
  /** V8's helpers, which collect garbage and compile. */
  readonly helpersMs: number;
  /** Look-ups of files and names, compression. */
  readonly poolMs: number;
}

/** Names of Node's threads. */
const HELPER = "V8Worker";
const POOL = "libuv-worker";
/** V8's profiler has a thread, too, which is not part of the program. */
const OTHERS = /^(DelayedTask|SignalInspector|v8:Prof)/;

/** The CPU time of a Node process so far, in its living threads. */
export async function cpuTime(pid: number): Promise<CpuTime> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const ran = await Promise.all(
    threads.map(async (thread) => {
      const at = `/proc/${pid}/task/${thread}`;
      const name = (await readFile(`${at}/comm`, "utf8").catch(() => "")).trim();
      const ns = Number.parseInt(await readFile(`${at}/schedstat`, "utf8").catch(() => "0"), 10);
      return { id: Number(thread), name, ms: ns / 1e6 };
    }),
  );
  const of = (wanted: string): number =>
    ran.reduce((sum, { name, ms }) => sum + (name === wanted ? ms : 0), 0);
  const own = ran
    .filter(({ name }) => name !== HELPER && name !== POOL && !OTHERS.test(name))
    .toSorted((a, b) => a.id - b.id);
  return { threadsMs: own.map(({ ms }) => ms), helpersMs: of(HELPER), poolMs: of(POOL) };
}
