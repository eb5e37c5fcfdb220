/** Outages of a service's dependencies: reported as `unavailable`, so that work which can wait waits until they end. */
import { AsyncResource } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { AppError } from "./errors.ts";

const ASK_EVERY_MS = 250;

export interface OutageOptions {
  /** What is away, for the message: `the database`. */
  readonly what: string;
  /** Whether an error means that it is away, and not that it refused something. */
  readonly isOutage: (thrown: unknown) => boolean;
  /** Asks whether it is back; rejects while it is not. */
  readonly ask: () => Promise<unknown>;
  /** Ends all waiting. */
  readonly signal: AbortSignal | undefined;
}

/** One for each dependency. It knows an outage by its errors, and asks until the outage is over. */
export class Outage {
  readonly #options: OutageOptions;
  readonly #askUntilBack: () => Promise<void>;
  #over: Promise<void> | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
    // Bound to the context of this constructor, so that asking makes no spans in the trace of a request.
    this.#askUntilBack = AsyncResource.bind(() => this.#wait());
  }

  /** Returns `thrown` as it is; for an outage, an `unavailable` that knows when the outage is over. */
  tell(thrown: unknown): unknown {
    if (thrown instanceof AppError || !this.#options.isOutage(thrown)) return thrown;
    return new AppError("unavailable", `${this.#options.what} does not answer`, {
      cause: thrown,
      over: () => this.#untilOver(),
    });
  }

  /** All that wait share one asking. */
  #untilOver(): Promise<void> {
    this.#over ??= this.#askUntilBack().finally(() => {
      this.#over = undefined;
    });
    return this.#over;
  }

  async #wait(): Promise<void> {
    const { ask, signal } = this.#options;
    for (;;) {
      await pause(ASK_EVERY_MS, undefined, signal && { signal });
      try {
        await ask();
        return;
      } catch {
        // Any error means that it is not back: the waiting work would get the same one.
      }
    }
  }
}
