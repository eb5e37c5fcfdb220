/**
 * The deadline of the work under way, and the signal of its caller. The calls of a handler must not outlive the
 * handler's caller, so both travel along with the work, and no call site mentions them.
 *
 * They are not in OpenTelemetry's context: that one is carried over queues, where no caller waits any more.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export interface Deadline {
  /** Aborts when the caller cancels or disconnects, or at the deadline. */
  readonly signal: AbortSignal;
  /** By the clock of `performance.now()`. Infinity: the caller set none. */
  readonly atMs: number;
}

const current = new AsyncLocalStorage<Deadline | undefined>();

/** The deadline of the work under way; undefined when no caller waits for it. */
export const currentDeadline = (): Deadline | undefined => current.getStore();

/**
 * Runs `work` for a caller: until `signal` aborts, and at most until `atMs` (by `performance.now()`; Infinity for no
 * limit). Inside work that has a deadline already, this can shorten the time but not extend it.
 */
export function withDeadline<T>(signal: AbortSignal, atMs: number, work: () => T): T {
  const outer = currentDeadline();
  const inner = outer
    ? { signal: AbortSignal.any([outer.signal, signal]), atMs: Math.min(outer.atMs, atMs) }
    : { signal, atMs };
  return current.run(inner, work);
}

/**
 * Runs `work` without the caller's deadline and signal. For work that must be brought to an end even if the caller
 * gives up, such as the compensations of a saga.
 */
export const detached = <T>(work: () => T): T => current.run(undefined, work);
