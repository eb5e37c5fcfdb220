/**
 * Waits as long as something moves. On a busy machine everything takes several times as long; a fixed timeout would
 * turn that into a failure.
 */
import { setTimeout as delay } from "node:timers/promises";
import { errorFrom } from "./problem.ts";
import { until } from "./until.ts";

export interface Bounds {
  /** After this long without any movement the wait ends. */
  readonly stillMs: number;
  /** After this long it ends, even if something still moves. */
  readonly mostMs: number;
  /** How often it is asked whether something has moved. */
  readonly askEveryMs: number;
}

/** For everything that is started here. The user sees what is waited for, and since when, and can press Ctrl-C. */
const BOUNDS: Bounds = { stillMs: 60_000, mostMs: 600_000, askEveryMs: 1_000 };

export interface WhileMovingOptions {
  /** Ends the wait, which then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** As in `until`. */
  readonly everyMs?: number;
  /** Whether something has moved since the last call. */
  readonly hasMoved: () => Promise<boolean>;
  /** `BOUNDS` without it. */
  readonly bounds?: Bounds;
  /** Makes the error for a wait without result. `how` says how long it was, `last` is the last error of `look`. */
  readonly onLate: (how: string, last: unknown) => Error | Promise<Error>;
}

/**
 * Calls `look` until it resolves to something other than undefined, and resolves to that, as `until` does. Rejects with
 * `onLate`'s error when nothing has moved for long, or with the signal's reason. An error that `look` has not thrown
 * before counts as movement: it shows progress.
 */
export async function whileMoving<T>(
  look: (signal: AbortSignal) => Promise<T | undefined>,
  { signal, everyMs, hasMoved, bounds = BOUNDS, onLate }: WhileMovingOptions,
): Promise<T> {
  const [still, done] = [new AbortController(), new AbortController()];
  const said = new Set<string>();
  let last: unknown;
  let isNew = false;
  let isStill = false;
  const noting = async (ends: AbortSignal): Promise<T | undefined> => {
    try {
      return await look(ends);
    } catch (error) {
      last = error;
      const { message } = errorFrom(error);
      isNew ||= !said.has(message);
      said.add(message);
      throw error;
    }
  };
  // It counts questions, not time: a process that is starved itself, or was asleep, asks less often and waits longer.
  const watch = async (): Promise<void> => {
    for (let inVain = 0; inVain * bounds.askEveryMs < bounds.stillMs; ) {
      await delay(bounds.askEveryMs, undefined, { signal: done.signal });
      const moved = await hasMoved();
      inVain = moved || isNew ? 0 : inVain + 1;
      isNew = false;
    }
    isStill = true;
    still.abort();
  };
  const watching = watch().catch((error) => {
    if (!done.signal.aborted) still.abort(error);
  });
  try {
    return await until(noting, {
      signal: AbortSignal.any([signal, still.signal]),
      ...(everyMs && { everyMs }),
      withinMs: bounds.mostMs,
      onLate: () => onLate(`after ${bounds.mostMs / 1_000} s`, last),
    });
  } catch (error) {
    if (signal.aborted || !isStill) throw error;
    throw await onLate(`and nothing has moved for ${bounds.stillMs / 1_000} s`, last);
  } finally {
    done.abort();
    await watching;
  }
}
