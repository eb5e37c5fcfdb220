/** Work that is cut into pieces, so that the thread that does it can answer others in between. */
import { setImmediate } from "node:timers/promises";

/** What `work` ends with. After each of its pieces others are answered. */
export async function inPieces<T>(work: Generator<undefined, T>): Promise<T> {
  for (let step = work.next(); ; step = work.next()) {
    if (step.done) return step.value;
    await setImmediate();
  }
}
