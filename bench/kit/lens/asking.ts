/** Queries that go on while lens takes spans. */
import { setTimeout as delay } from "node:timers/promises";
import { ask, heavyQuery } from "./queries.ts";
import { USUAL } from "./spans.ts";

export const ASK_EVERY_MS = 50;
/** Traces are asked for that came so many groups before the newest: they are stored. */
const GROUPS_BACK = 2;

/**
 * Asks for traces by their ids every ASK_EVERY_MS until `done`; resolves to the milliseconds of each. `first`: the
 * first group of this shape; `group`: the last complete one.
 */
export async function askById(
  done: AbortSignal,
  url: string,
  spansPerRequest: number,
  first: number,
  group: () => number,
): Promise<number[]> {
  const took: Promise<number>[] = [];
  while (!done.aborted) {
    // They overlap: if each waited for the one before, a slow one would hide that the next would be slow, too.
    if (group() - GROUPS_BACK >= first) {
      const one = ask(url, "trace", group() - GROUPS_BACK, { ...USUAL, spansPerRequest }).then(
        ({ ms }) => ms,
      );
      // Its error is seen in `Promise.all` below.
      one.catch(() => {});
      took.push(one);
    }
    await delay(ASK_EVERY_MS, undefined, { signal: done }).catch(() => {});
  }
  return Promise.all(took);
}

/** Asks heavy queries one after the other until `done`; resolves to how many were answered. */
export async function askHeavily(done: AbortSignal, url: string): Promise<number> {
  for (let answered = 0; ; answered++) {
    if (done.aborted) return answered;
    const response = await fetch(`${url}${heavyQuery()}`, { signal: done }).catch(() => null);
    await response?.body?.cancel();
    if (response && response.status !== 200 && response.status !== 404)
      throw new Error(`lens answered ${response.status} to a heavy query`);
  }
}
