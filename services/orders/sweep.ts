/** Takes up sagas without an owner: those of a process that died, and those that got stuck. */
import { setTimeout as delay } from "node:timers/promises";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Saga, Sagas } from "./ports.ts";
import type { CheckoutSaga } from "./saga.ts";

export interface SweepDeps {
  readonly sagas: Pick<Sagas, "take" | "letGo">;
  readonly saga: Pick<CheckoutSaga, "resume">;
  /** Runs `work` as a new trace that is linked to the one in which the saga began. */
  readonly restarted: (saga: Saga, work: () => Promise<void>) => Promise<void>;
  readonly note: Note<Vocabulary>;
  readonly newId: () => string;
}

/** Sagas that are worked on at once. The lease of each begins when the batch is taken. */
const BATCH = 10;
const FIRST_REST_MS = 1_000;
const MAX_REST_MS = 60_000;

/** How long a saga rests after its `attempt` has failed: twice as long each time, up to a minute. */
export const restMs = (attempt: number): number =>
  Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** Math.min(attempt - 2, 16));

/** One pass over all due sagas, or until `signal` aborts. Answers how many sagas were taken up. */
export type Sweep = (signal: AbortSignal) => Promise<number>;

/** A saga whose attempt fails rests and is tried again. None is ever given up. */
export function makeSweep({ sagas, saga, restarted, note, newId }: SweepDeps): Sweep {
  const takeUp = (taken: Saga) =>
    restarted(taken, async () => {
      const { orderId, step } = taken;
      note("saga.resumed", { orderId, step });
      try {
        await saga.resume(taken);
      } catch (thrown) {
        // Noted here, where the request's correlation id is known, and rethrown, so that this span fails.
        note("order.unsettled", { orderId, reason: AppError.from(thrown).code });
        await sagas.letGo(taken, restMs(taken.attempt));
        throw thrown;
      }
    });
  return async (signal) => {
    let total = 0;
    let taken: Saga[];
    do {
      taken = await sagas.take(newId(), BATCH);
      await Promise.allSettled(taken.map(takeUp));
      total += taken.length;
    } while (taken.length === BATCH && !signal.aborted);
    return total;
  };
}

/** Sweeps every `everyMs` until stopped. Stopping waits for the batch under way. `failed`: gets the error of a pass. */
export function startSweeper(sweep: Sweep, everyMs: number, failed: (thrown: unknown) => void) {
  const abort = new AbortController();
  const { signal } = abort;
  const loop = async () => {
    while (!signal.aborted) {
      await sweep(signal).catch(failed);
      await delay(everyMs, undefined, { signal }).catch(() => {});
    }
  };
  const running = loop();
  return {
    stop: async (): Promise<void> => {
      abort.abort();
      await running;
    },
  };
}
