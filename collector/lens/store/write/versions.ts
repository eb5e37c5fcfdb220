/**
 * Spans that come more than once, by trace, id and whether they are a server's (a server may share its caller's span
 * id, as Zipkin's do). The first one stays, except that one with an end wins over those without: a span may be sent
 * when it begins and again when it ends.
 */
import type { SpanIds } from "./span-ids.ts";

/** OTLP's number of the kind. */
export const SERVER = 2;

export const VERSION = { first: 0, better: 1, repeated: 2 } as const;

/** Bits of what is known of an id: seen and ended, of a server's span and of any other. */
const [SEEN, ENDED] = [1, 2];

/** Notes a span and says what it is among those with its id: one of VERSION. */
export function noteSpan(
  ids: SpanIds,
  high: number,
  low: number,
  isServer: boolean,
  hasEnded: boolean,
): number {
  const shift = isServer ? 2 : 0;
  const known = Math.max(0, ids.get(high, low));
  const own = (known >>> shift) & 3;
  if ((own & SEEN) !== 0 && ((own & ENDED) !== 0 || !hasEnded)) return VERSION.repeated;
  ids.set(high, low, known | ((SEEN | (hasEnded ? ENDED : 0)) << shift));
  return own === 0 ? VERSION.first : VERSION.better;
}
