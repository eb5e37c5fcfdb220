/** How whole the latest journeys are, in figures that an alert can be set on. */
import type { Journey } from "../journey/model.ts";

/** What is looked at of a journey. */
export type JourneyState = Pick<Journey, "settled" | "endNs" | "orphans" | "leftOut">;

export interface Integrity {
  /** Not settled, and young enough for that to mean nothing. */
  readonly underWay: number;
  readonly settled: number;
  /** Not settled although nothing of it has come for a while: something is missing or lies somewhere. */
  readonly unsettled: number;
  /** Spans whose parent should be there and is not. */
  readonly orphans: number;
}

/** A journey that nothing has been added to for this long should have come to its end. */
const QUIET_NS = 30n * 1_000_000_000n;

/** What ends this far in the future has a wrong clock, and would be under way for as long. */
const AHEAD_NS = 24n * 3600n * 1_000_000_000n;

/** `nowNs`: Unix nanoseconds. A child often arrives before its parent: a journey under way has no orphans yet. */
export function integrityOf(journeys: readonly JourneyState[], nowNs: bigint): Integrity {
  const settled = journeys.filter((journey) => journey.settled);
  // Of one that was too large to be read whole nobody knows.
  const open = journeys.filter((journey) => !journey.settled && journey.leftOut.bound === "");
  const unsettled = open.filter(({ endNs }) => nowNs - endNs > QUIET_NS || endNs - nowNs > AHEAD_NS);
  return {
    underWay: open.length - unsettled.length,
    settled: settled.length,
    unsettled: unsettled.length,
    orphans: unsettled.reduce((sum, { orphans }) => sum + orphans.length, 0),
  };
}

/** Stitching the latest journeys is work: whoever asks within this time gets the answer of before. */
const KEPT_MS = 4_000;
const LATEST = 100;

/** Looks at the latest journeys of `latest`, not more often than every 4 s. */
export function integrityReader(
  latest: (limit: number) => Promise<readonly JourneyState[]>,
  now: () => number = Date.now,
): () => Promise<Integrity> {
  let kept: { readonly atMs: number; readonly integrity: Promise<Integrity> } | undefined;
  return () => {
    const atMs = now();
    if (kept === undefined || atMs - kept.atMs >= KEPT_MS) {
      const integrity = latest(LATEST).then((journeys) => integrityOf(journeys, BigInt(atMs) * 1_000_000n));
      kept = { atMs, integrity };
    }
    return kept.integrity;
  };
}
