/** Releases what was acquired, last in, first out, within a timeout. */
import type { Log } from "./log.ts";

/** Each release gets at least this long, also after the timeout. Most need no more. */
const LEAST_MS = 20;

export type Release = () => Promise<void> | void;

/** Every connection, timer and server registers its release when it is acquired. */
export class Releaser {
  readonly #releases: { name: string; release: Release }[] = [];

  /** Registers a release. Returns `resource`, so that one line can acquire and register. */
  add<T>(name: string, resource: T, release: (resource: T) => Promise<void> | void): T {
    this.#releases.push({ name, release: () => release(resource) });
    return resource;
  }

  /**
   * Releases everything, newest first, within `timeoutMs` for all together. A release that fails or is not done in time
   * is logged, and the ones after it are still tried.
   */
  async release(log: Log, timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    for (let next = this.#releases.pop(); next; next = this.#releases.pop()) {
      const { name, release } = next;
      const { promise: late, reject } = Promise.withResolvers<never>();
      const leftMs = Math.max(LEAST_MS, endMs - performance.now());
      const timer = setTimeout(() => reject(new Error("not done when the time was up")), leftMs);
      try {
        await Promise.race([release(), late]);
      } catch (err) {
        log.warn({ err }, `could not be released: ${name}`);
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
