/**
 * How long the work under way may take, and who may call it off. What a handler calls must not outlive whoever waits
 * for the handler: so its deadline and its caller's signal travel along, and no call site mentions them.
 *
 * Kept apart from OpenTelemetry's context: that one is carried over queues, and is there to be read, not obeyed.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export interface Deadline {
  /** Aborts when the caller cancels or goes away, or the time is up. */
  readonly signal: AbortSignal;
  /** By the clock of `performance.now()`. Infinity: the caller set none. */
  readonly atMs: number;
}

const current = new AsyncLocalStorage<Deadline | undefined>();

/** What the work under way has to obey; undefined when it belongs to nobody that waits. */
export const currentDeadline = (): Deadline | undefined => current.getStore();

/**
 * Runs `work` for a caller: until `signal` aborts, and for no longer than until `atMs` (by `performance.now()`; Infinity
 * for no limit). Work that is for a caller already can only get less time by this, never more.
 */
export function withDeadline<T>(signal: AbortSignal, atMs: number, work: () => T): T {
  const outer = currentDeadline();
  const inner = outer
    ? { signal: AbortSignal.any([outer.signal, signal]), atMs: Math.min(outer.atMs, atMs) }
    : { signal, atMs };
  return current.run(inner, work);
}

/**
 * Runs `work` for nobody in particular: what has been begun and must now be brought to an end, such as the steps of a
 * saga and its compensations, whatever becomes of the caller.
 */
export const detached = <T>(work: () => T): T => current.run(undefined, work);
