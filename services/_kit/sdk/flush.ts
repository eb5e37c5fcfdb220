/** The last thing that a process does: it exports the telemetry that it still holds. */

let flush: () => Promise<void> = async () => {};

/** Sets what `flushTelemetry` runs: `work` exports what is left and ends the SDK. Called once, by `start.ts`. */
export function onTelemetryFlush(work: () => Promise<void>): void {
  flush = work;
}

/**
 * Flushes and ends telemetry within `timeoutMs`. Never throws: a collector that is away must not keep a service
 * from stopping.
 */
export async function flushTelemetry(timeoutMs: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([flush().catch(() => {}), late]);
  clearTimeout(timer);
}
