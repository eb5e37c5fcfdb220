/** Waits for a condition by checking it again and again. */
import { setTimeout as delay } from "node:timers/promises";

export interface UntilOptions {
  /** Ends the wait, which then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** The pause between two looks. After 10 s it is at least half a second, so that looking is no load of its own. */
  readonly everyMs?: number;
  /** After this long the wait ends with `onLate`'s error. */
  readonly withinMs: number;
  /** Makes the error for a wait that took too long, from the last error that `look` threw. */
  readonly onLate: (last: unknown) => Error | Promise<Error>;
}

const OFTEN_FOR_MS = 10_000;
const RARELY_MS = 500;

/**
 * Calls `look` until it resolves to something other than undefined, and resolves to that. An error of `look` counts as
 * "not yet". `look` gets a signal that also aborts when the time is up; a look that does not answer then is abandoned.
 * Rejects with `onLate`'s error, or the signal's reason.
 */
export async function until<T>(
  look: (signal: AbortSignal) => Promise<T | undefined>,
  options: UntilOptions,
): Promise<T> {
  const { signal, everyMs = 50, withinMs, onLate } = options;
  const late = AbortSignal.timeout(withinMs);
  const either = AbortSignal.any([signal, late]);
  const beganMs = performance.now();
  const { promise: over, reject } = Promise.withResolvers<never>();
  over.catch(() => {});
  either.addEventListener("abort", () => reject(either.reason), { once: true });
  let last: unknown;
  while (!either.aborted) {
    try {
      const seen = await Promise.race([look(either), over]);
      if (seen !== undefined) return seen;
    } catch (error) {
      if (!either.aborted) last = error;
    }
    const isLong = performance.now() - beganMs > OFTEN_FOR_MS;
    await delay(isLong ? Math.max(everyMs, RARELY_MS) : everyMs, undefined, { signal: either }).catch(
      () => {},
    );
  }
  signal.throwIfAborted();
  throw await onLate(last);
}
