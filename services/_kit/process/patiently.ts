/** For a service's start: what it needs may be late, because it starts as well, or because the machine is busy. */
import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "./log.ts";

/** Half of what the playground grants a part in which nothing moves. */
const WITHIN_MS = 30_000;
const AGAIN_MS = 250;

export interface PatientlyOptions {
  /** What is waited for, as the log says it: `the database`. */
  readonly what: string;
  /** Whether an error means that it is late, and not that it refuses. */
  readonly isLate: (thrown: unknown) => boolean;
  readonly log: Log;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** 30 s by default. The last try may take longer. */
  readonly withinMs?: number;
}

/** Tries `work` again for as long as it is late, and says so once. Rejects with its last error. */
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
