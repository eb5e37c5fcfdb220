/**
 * Marks spans whose times cannot be right. They are kept and drawn as they say, and marked, so that the reader knows.
 */
import type { Journey, JourneySpan, SpanKey } from "../journey/model.ts";
import { isUnfinished } from "../journey/times.ts";

export interface WrongTime {
  readonly key: SpanKey;
  readonly why:
    | "ends before it starts"
    | "has not ended"
    | "starts before the year 2000"
    | "starts more than a day ahead";
}

const YEAR_2000_NS = 946_684_800n * 1_000_000_000n;
const DAY_NS = 24n * 3600n * 1_000_000_000n;

/** `nowNs`: Unix nanoseconds. At most one mark a span. */
export function wrongTimesOf({ spans }: Pick<Journey, "spans">, nowNs: bigint): readonly WrongTime[] {
  const why = ({ span }: JourneySpan): WrongTime["why"] | null => {
    if (span.startNs < YEAR_2000_NS) return "starts before the year 2000";
    if (span.startNs > nowNs + DAY_NS) return "starts more than a day ahead";
    if (isUnfinished(span)) return "has not ended";
    return span.endNs < span.startNs ? "ends before it starts" : null;
  };
  return spans.flatMap((placed) => {
    const wrong = why(placed);
    return wrong ? [{ key: placed.key, why: wrong }] : [];
  });
}
