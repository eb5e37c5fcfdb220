/** The life of a service process: configuration, start, readiness, signals, release, telemetry last. */

import { ConfigError } from "../process/config.ts";
import { Releaser } from "../process/shutdown.ts";
import { flushTelemetry } from "../sdk/flush.ts";
import { BATON } from "../telemetry/conventions.ts";
import { type Logger, makeLogger } from "../telemetry/log.ts";

/** What a service's composition gets and uses. */
export interface Life {
  readonly log: Logger;
  readonly releaser: Releaser;
  /** Aborted when the service is to stop. All waits and loops end by it. */
  readonly signal: AbortSignal;
}

/** Both together are below the 3 s after which the runner kills a process that it has told to stop. */
const RELEASE_MS = 1_700;
const FLUSH_MS = 1_000;

/**
 * Runs a service until SIGTERM or SIGINT. `compose` starts it and resolves when it serves. Exit status: 0 after
 * a signal, 1 when it could not start, 2 when its environment is wrong.
 */
export async function runService(
  name: string,
  compose: (life: Life, env: NodeJS.ProcessEnv) => Promise<void>,
): Promise<void> {
  const log = makeLogger(name);
  const releaser = new Releaser();
  const abort = new AbortController();
  const ended = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ended.resolve(signal));
  process.on("unhandledRejection", (err) => {
    log.error({ err }, "unhandled rejection");
    process.exitCode = 1;
    ended.resolve("unhandledRejection");
  });
  try {
    await compose({ log, releaser, signal: abort.signal }, process.env);
    log.info({ pid: process.pid }, "started");
    log.info({ [BATON.stopSignal]: await ended.promise }, "stopping");
  } catch (err) {
    process.exitCode = err instanceof ConfigError ? 2 : 1;
    if (err instanceof ConfigError) log.error(err.message);
    else log.error({ err }, "could not start");
  }
  abort.abort();
  await releaser.release(log, RELEASE_MS);
  await flushTelemetry(FLUSH_MS);
  process.exit();
}
