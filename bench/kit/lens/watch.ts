/** What is measured of a process while it takes spans. */
import { setTimeout as delay } from "node:timers/promises";
import { cpuMsBelow, pssMb } from "../processes.ts";

const LOOK_EVERY_MS = 250;

export interface Watched<T> {
  readonly outcome: T;
  /** CPU milliseconds of the process in all its threads. */
  readonly cpuMs: number;
  /** The most memory (PSS) that was seen. */
  readonly memoryMb: number;
}

/** Runs `work` and watches the process `pid` meanwhile. */
export async function watched<T>(pid: number, work: () => Promise<T>): Promise<Watched<T>> {
  const done = new AbortController();
  let memoryMb = 0;
  const looking = async (): Promise<void> => {
    while (!done.signal.aborted) {
      memoryMb = Math.max(memoryMb, await pssMb(pid));
      await delay(LOOK_EVERY_MS, undefined, { signal: done.signal }).catch(() => {});
    }
  };
  const look = looking();
  const beforeMs = await cpuMsBelow(pid);
  try {
    const outcome = await work();
    const cpuMs = (await cpuMsBelow(pid)) - beforeMs;
    return { outcome, cpuMs, memoryMb: Math.max(memoryMb, await pssMb(pid)) };
  } finally {
    done.abort();
    await look;
  }
}
