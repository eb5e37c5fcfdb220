/** Times of spans that may be unfinished or wrong. */
import type { Span } from "./model.ts";

/** True for a span that was sent before it ended. */
export const isUnfinished = (span: Span): boolean => span.endNs === 0n;

/** When it ended; its start for one that has not ended, or that claims to have ended before it began. */
export const endOf = (span: Span): bigint => (span.endNs > span.startNs ? span.endNs : span.startNs);

/** How long it took, never below 0, in nanoseconds. */
export const lastingOf = (span: Span): bigint => endOf(span) - span.startNs;

/** A difference of nanoseconds in milliseconds. */
export const inMs = (ns: bigint): number => Number(ns) / 1e6;
