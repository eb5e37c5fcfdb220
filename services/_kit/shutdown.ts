/** Releases what was acquired, last in, first out, each within a bound. */
import type { Logger } from "./log.ts";

export type Release = () => Promise<void> | void;

/** Every connection, timer and server registers its release when it is acquired. */
export class Releaser {
  readonly #releases: { name: string; release: Release }[] = [];

  /** Registers; answers `resource` so that a line can acquire and register at once. */
  add<T>(name: string, resource: T, release: (resource: T) => Promise<void> | void): T {
    this.#releases.push({ name, release: () => release(resource) });
    return resource;
  }

  /** Releases everything, newest first. One that fails or takes longer than `timeoutMs` is logged and passed over. */
  async release(log: Logger, timeoutMs: number): Promise<void> {
    for (let next = this.#releases.pop(); next; next = this.#releases.pop()) {
      const { name, release } = next;
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error(`not done after ${timeoutMs} ms`)), timeoutMs);
      try {
        await Promise.race([release(), late]);
      } catch (err) {
        log.warn({ err, what: name }, "could not be released");
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
