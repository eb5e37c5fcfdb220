/** Work that goes on after the process, or the patience, of whoever began it has ended. */

import { BATON } from "./conventions.ts";
import { withAttempt } from "./faults.ts";
import { type Carrier, place } from "./propagation.ts";
import { inSpan } from "./span.ts";

/**
 * Runs `work` in a span `name` that is a new root, linked to the context in which the work began, with that one's
 * baggage. `attempt`: which try it is, from 2; the faults of the first do not bite again.
 */
export function restarted<T>(
  name: string,
  { carrier, attempt }: { readonly carrier: Carrier; readonly attempt: number },
  work: () => Promise<T>,
): Promise<T> {
  // The mode is for rows that could hang below their creation; a restart never does.
  const { ctx, options } = place("restart", { carrier, createdAtMs: undefined }, "link");
  const attributes = { [BATON.attempt]: attempt };
  return inSpan(name, { ...options, attributes }, withAttempt(ctx, attempt), work);
}
