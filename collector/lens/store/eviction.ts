/**
 * Which bundles go when the store is full. This is the one place that decides it; what it returns is evicted and
 * counted by the store, which asks again until it is within its bound.
 */
import type { Bundle } from "./bundle.ts";

/** A chain of traces that link on and on (a scheduler's runs, say) must not take the whole store with it. */
const MAX_VICTIMS = 64;

/**
 * The oldest bundle and the traces that grew from it by links, so that a journey does not linger with its beginning
 * gone. `oldest`: the one that arrived first; `linkedTo`: the bundles with a link into a trace. At least one, at most MAX_VICTIMS.
 */
export function victims(oldest: Bundle, linkedTo: (traceId: string) => Iterable<Bundle>): Set<Bundle> {
  const chosen = new Set([oldest]);
  for (const bundle of chosen) {
    if (bundle.traceId === "") continue;
    for (const next of linkedTo(bundle.traceId)) {
      if (chosen.size >= MAX_VICTIMS) return chosen;
      chosen.add(next);
    }
  }
  return chosen;
}
