import { keyOf, type Span } from "./model.ts";

/**
 * The one order of spans: by start, then by end (SDKs that start spans at whole milliseconds make many start at
 * once, and what ended first is likely to have begun first), then by key. Nothing in a journey may depend on the order
 * in which spans arrived, so whatever has to choose between spans chooses the first by this. Takes two spans, returns a
 * number for `sort`.
 */
export function byStart(a: Span, b: Span): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1;
  if (a.endNs !== b.endNs) return a.endNs < b.endNs ? -1 : 1;
  return compareText(keyOf(a), keyOf(b));
}

/** Compares by code unit, not by locale: the same in every browser and on every machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The first of the two by `byStart`; undefined only when both are. */
export function earlier(a: Span | undefined, b: Span | undefined): Span | undefined {
  if (!a || !b) return a ?? b;
  return byStart(a, b) <= 0 ? a : b;
}
