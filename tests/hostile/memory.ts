/** The memory of each of our processes: what stays in use after a garbage collection, and what the system counts. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { RunningPart } from "../../playground/runner/starting.ts";
import { memoryOf } from "../../playground/status/memory.ts";
import { lens, services } from "../../services/topology.ts";
import { eventually } from "../fixtures.ts";
import type { TestPlayground } from "../playground.ts";

/** For `startPlayground`: makes every process able to say what it holds. */
export const WEIGHED = { NODE_OPTIONS: `--import=${path.join(import.meta.dirname, "weigh.ts")}` };

const MB = 1024 * 1024;
/** What a process may hold more at the end than after the first part: compiled code, pools, a busy moment. */
const ROOM_BYTES = 8 * MB;

export interface Weight {
  readonly part: string;
  /** In use after a garbage collection, in the main thread: what lens stores is on disk. */
  readonly usedBytes: number;
  /** What the system counts for the process. */
  readonly systemBytes: number;
}

const ours = new Set([lens.name, ...services.map(({ name }) => name)]);
const partsOf = ({ parts }: TestPlayground): readonly RunningPart[] =>
  parts.filter(({ name }) => ours.has(name));

/** What the system counts for each service and for lens, by name. */
export async function systemBytes(playground: TestPlayground): Promise<Map<string, number>> {
  const parts = partsOf(playground);
  const bytes = await memoryOf(parts.map(({ child }) => child?.pid() ?? 0));
  return new Map(parts.map(({ name }, i) => [name, bytes[i] ?? 0]));
}

/** Weighs every service and lens. */
export async function weigh(playground: TestPlayground): Promise<Weight[]> {
  const parts = partsOf(playground);
  const system = await systemBytes(playground);
  const used = await Promise.all(parts.map((part) => usedOf(playground.dir, part)));
  return parts.map(({ name }, i) => ({
    part: name,
    usedBytes: used[i] ?? 0,
    systemBytes: system.get(name) ?? 0,
  }));
}

async function usedOf(dir: string, { name, child }: RunningPart): Promise<number> {
  const file = path.join(dir, "weights", `${child?.pid()}.json`);
  const read = async (): Promise<{ times: number; bytes: number }> =>
    JSON.parse(await readFile(file, "utf8").catch(() => '{"times":0,"bytes":0}'));
  const before = await read();
  child?.signal("SIGUSR2");
  return eventually(`${name} to say what it holds`, async () => {
    const now = await read();
    return now.times > before.times ? now.bytes : undefined;
  });
}

/** Each part that holds more than it may, in words. */
export function grown(before: readonly Weight[], after: readonly Weight[]): string[] {
  return after.flatMap(({ part, usedBytes }) => {
    const was = before.find((one) => one.part === part)?.usedBytes ?? 0;
    const more = usedBytes - was;
    return more < ROOM_BYTES
      ? []
      : [`${part} holds ${(more / MB).toFixed(1)} MB more than after the first part`];
  });
}
