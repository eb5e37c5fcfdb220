/** What every benchmark needs: a closed loop of requests, percentiles, the memory of a process. */
import { readFile } from "node:fs/promises";

export interface Loop {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  /** Requests that were not answered as they should be. */
  readonly failed: number;
}

/** The value below which the share `p` (0 to 1) of `sorted` lies; 0 of nothing. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p) - 1)] ?? 0;
}

/** The middle value; of an even number the lower of the two. */
export const median = (values: readonly number[]): number =>
  percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

/** `workers` at once, each sending its next request when the last is answered, for `forMs`. `send` says if it went well. */
export async function closedLoop(
  workers: number,
  forMs: number,
  send: () => Promise<boolean>,
): Promise<Loop> {
  const took: number[] = [];
  let failed = 0;
  const beganMs = performance.now();
  const worker = async (): Promise<void> => {
    while (performance.now() - beganMs < forMs) {
      const sentMs = performance.now();
      if (!(await send())) failed += 1;
      took.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  const seconds = (performance.now() - beganMs) / 1e3;
  const sorted = took.toSorted((a, b) => a - b);
  return {
    perSecond: took.length / seconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    requests: took.length,
    failed,
  };
}

/** Proportional set size of a process in MB, which adds up over processes that share pages; Linux only. */
export async function pssMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}
