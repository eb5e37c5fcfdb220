/** For a service's start: a server that it needs may be late, because it is starting too or the machine is busy. */
import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "./log.ts";

/** Half the time after which the playground gives up a part that makes no progress. */
const WITHIN_MS = 30_000;
const AGAIN_MS = 250;

export interface PatientlyOptions {
  /** What is waited for, for the log: `the database`. */
  readonly what: string;
  /** Whether an error means that it is late, and not that it refuses. */
  readonly isLate: (thrown: unknown) => boolean;
  readonly log: Log;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** 30 s by default. The last try may take longer. */
  readonly withinMs?: number;
}

/** Retries `work` while it is late, and logs that once. Rejects with its last error. */
export async function patiently<T>(
  work: () => Promise<T>,
  { what, isLate, log, signal, withinMs = WITHIN_MS }: PatientlyOptions,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (thrown) {
      if (signal?.aborted || !isLate(thrown) || performance.now() > endMs) throw thrown;
      if (tries === 1) log.info({ err: String(thrown) }, `waiting for ${what}`);
    }
    await pause(AGAIN_MS, undefined, signal && { signal });
  }
}
