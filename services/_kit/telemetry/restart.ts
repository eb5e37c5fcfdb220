/** Work that is resumed after the process or the request that began it has ended. */

import { BATON } from "./conventions.ts";
import { withAttempt } from "./faults.ts";
import { type Carrier, place } from "./propagation.ts";
import { inSpan } from "./span.ts";

/**
 * Runs `work` in a span `name` that is a new root. It links to the context in which the work began, and has its
 * baggage. `attempt`: the number of the attempt, from 2, so that the faults of the first do not bite again.
 */
export function restarted<T>(
  name: string,
  { carrier, attempt }: { readonly carrier: Carrier; readonly attempt: number },
  work: () => Promise<T>,
): Promise<T> {
  // The mode makes no difference: a restart never has the creation context as its parent.
  const { ctx, options } = place("restart", { carrier, createdAtMs: undefined }, "link");
  const attributes = { [BATON.attempt]: attempt };
  return inSpan(name, { ...options, attributes }, withAttempt(ctx, attempt), work);
}
