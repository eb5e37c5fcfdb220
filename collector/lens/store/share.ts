/**
 * What each root service takes of the store, and whose turn it is to give something up. This is the one place that
 * decides it.
 */
import type { Block } from "./block.ts";

/** Journeys that are settled may go before those that are not. */
export type Kind = "settled" | "unsettled";

/** The blocks of one root service, the oldest first. */
export interface Share {
  bytes: number;
  readonly settled: Set<Block>;
  readonly unsettled: Set<Block>;
  /** The block of each kind that is not full yet. */
  readonly writing: Record<Kind, Block | null>;
}

export const newShare = (): Share => ({
  bytes: 0,
  settled: new Set(),
  unsettled: new Set(),
  writing: { settled: null, unsettled: null },
});

/**
 * The block that goes next: of the service that takes most, which is the one furthest over its share since all shares
 * are equal, the oldest one of settled journeys; one of unsettled journeys only when it has no other.
 */
export function victimOf(shares: Iterable<Share>): Block | undefined {
  let most: Share | undefined;
  for (const share of shares) if (!most || share.bytes > most.bytes) most = share;
  const [oldest] = most?.settled.size ? most.settled : (most?.unsettled ?? []);
  return oldest;
}
