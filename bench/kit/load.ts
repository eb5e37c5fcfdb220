/** Sends requests in a closed loop or at a fixed rate, and measures the answers. */
import { setTimeout as delay } from "node:timers/promises";
import { ascending, percentile } from "./statistics.ts";

export interface Loop {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  /** Requests that were not answered as they should be. */
  readonly failed: number;
}

/**
 * Runs `workers` at once, each sending its next request when the last is answered, while `more()`. `send` resolves to
 * whether the request succeeded. Rejects with the signal's reason.
 */
export async function closedLoop(
  workers: number,
  more: () => boolean,
  signal: AbortSignal,
  send: () => Promise<boolean>,
): Promise<Loop> {
  const took: number[] = [];
  let failed = 0;
  const beganMs = performance.now();
  const worker = async (): Promise<void> => {
    while (!signal.aborted && more()) {
      const sentMs = performance.now();
      if (!(await send())) failed += 1;
      took.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  signal.throwIfAborted();
  const seconds = (performance.now() - beganMs) / 1e3;
  const sorted = ascending(took);
  return {
    perSecond: took.length / seconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    requests: took.length,
    failed,
  };
}

/** True until `forMs` have passed from now. */
export function during(forMs: number): () => boolean {
  const endMs = performance.now() + forMs;
  return () => performance.now() < endMs;
}

/** True `count` times. */
export function times(count: number): () => boolean {
  let left = count;
  return () => left-- > 0;
}

/** Sends `count` requests at the rate `perSecond`, without waiting for answers in between. Resolves to the answers. */
export async function paced<T>(
  count: number,
  perSecond: number,
  signal: AbortSignal,
  send: () => Promise<T>,
): Promise<T[]> {
  const sent: Promise<T>[] = [];
  const beganMs = performance.now();
  for (let n = 0; n < count; n += 1) {
    const dueMs = beganMs + (n * 1e3) / perSecond - performance.now();
    if (dueMs > 0) await delay(dueMs, undefined, { signal });
    const one = send();
    // Its error is seen in `Promise.all` below.
    one.catch(() => {});
    sent.push(one);
  }
  return Promise.all(sent);
}
