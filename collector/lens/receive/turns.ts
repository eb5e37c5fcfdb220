/**
 * Shares the event loop between telemetry and questions: each piece of work on telemetry waits for a turn, and there is
 * one turn in each round of the loop. Questions that have arrived by then are answered in between, so that they wait
 * for one piece at most, however many requests have come. (A worker thread would take longer to hand spans over than to
 * store them, and every question would have to cross to it.)
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Resolves when it is this caller's turn, in the order of asking. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(this.#give);
    });
  }

  readonly #give = (): void => {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#give);
  };
}
