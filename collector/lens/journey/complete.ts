import type { Hop, Journey } from "./model.ts";

/**
 * Whether a journey is complete: settled, every promised hop is there, and no consumer had to be found by its
 * correlation id because a hop had dropped the context. `missing` are the promised hops that are not there.
 */
export function complete(
  journey: Journey,
  hops: readonly Hop[],
): { readonly complete: boolean; readonly missing: readonly Hop[] } {
  const present = new Set(journey.spans.map(({ span }) => nameOf(span)));
  const missing = hops.filter((hop) => !present.has(nameOf(hop)));
  const contextKept = journey.spans.every((s) => s.edge !== "correlation");
  return { complete: journey.settled && contextKept && missing.length === 0, missing };
}

const nameOf = ({ service, name, kind }: Hop): string => JSON.stringify([service, name, kind]);
