/** Outages of what a service works with: told as `unavailable`, and waited out by those who can wait. */
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

/** What may be away, once for each: it knows an outage by its errors, and asks until it is over. */
export class Outage {
  readonly #options: OutageOptions;
  readonly #askUntilBack: () => Promise<void>;
  #over: Promise<void> | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
    // Bound to where it was made, so that asking belongs to no request and makes no spans in its trace.
    this.#askUntilBack = AsyncResource.bind(() => this.#wait());
  }

  /** `thrown` as it is told further: as it is, or as an `unavailable` that knows when the outage is over. */
  tell(thrown: unknown): unknown {
    if (thrown instanceof AppError || !this.#options.isOutage(thrown)) return thrown;
    return new AppError("unavailable", `${this.#options.what} does not answer`, {
      cause: thrown,
      over: () => this.#untilOver(),
    });
  }

  /** One asks for all who wait. */
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
        // Whatever it says: whoever waits would meet the same.
      }
    }
  }
}
