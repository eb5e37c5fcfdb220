/** Drives work that comes in pieces, with pauses in which others are answered. */
import { setImmediate } from "node:timers/promises";
import type { Pieces, Work } from "../journey/stitch/work.ts";

/** Others have their turn after so long. */
const PAUSE_AFTER_MS = 8;

/** What is left of the time for one question. */
export class Patience {
  readonly #endsAt: number;
  #pausedAt: number;
  readonly #signal: AbortSignal | undefined;

  constructor(budgetMs: number, signal?: AbortSignal) {
    this.#pausedAt = performance.now();
    this.#endsAt = this.#pausedAt + budgetMs;
    this.#signal = signal;
  }

  get isOver(): boolean {
    return performance.now() >= this.#endsAt;
  }

  /** Lets others have their turn when it is time. Rejects with the signal's reason when it is aborted. */
  async pause(): Promise<void> {
    if (performance.now() - this.#pausedAt < PAUSE_AFTER_MS) return;
    await setImmediate(undefined, this.#signal ? { signal: this.#signal } : {});
    this.#pausedAt = performance.now();
  }

  /** What comes of the pieces. When the time is over, `work` reads nothing more and puts together what it has. */
  async finish<T>(pieces: Pieces<T>, work: Work): Promise<T> {
    for (;;) {
      const { done, value } = pieces.next();
      if (done) return value;
      if (this.isOver) work.stop("time");
      await this.pause();
    }
  }
}
