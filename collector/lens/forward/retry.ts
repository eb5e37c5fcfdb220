/** Whether and when a request that failed is sent again, as OTLP asks for it. */

/** Answers after which OTLP lets a sender try again. */
const RETRYABLE = new Set([429, 502, 503, 504]);
const FIRST_MS = 500;
const MOST_MS = 30_000;
/** A backend may ask for a longer wait than we would make, but not for ever. */
const MOST_ASKED_MS = 5 * 60_000;

export const isRetryable = (status: number): boolean => RETRYABLE.has(status);

/** gRPC's: CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const RETRYABLE_CODES = new Set([1, 4, 10, 11, 14, 15]);
const RESOURCE_EXHAUSTED = 8;

/**
 * `isTold`: whether the answer says how long to wait; only then is a sender that is too much for the backend retried.
 */
export const isRetryableCode = (code: number, isTold: boolean): boolean =>
  RETRYABLE_CODES.has(code) || (code === RESOURCE_EXHAUSTED && isTold);

/**
 * How long to wait before attempt `attempt` + 1, in milliseconds: what the backend asked for (null when it did not),
 * else 500 ms doubling up to 30 s, half of it by chance, so that many senders do not come back at once. `random`: 0 to
 * 1.
 */
export function waitMs(attempt: number, asked: number | null, random: number): number {
  if (asked !== null) return Math.min(Math.max(asked, 0), MOST_ASKED_MS);
  const most = Math.min(FIRST_MS * 2 ** (attempt - 1), MOST_MS);
  return most / 2 + (most / 2) * random;
}

/** `Retry-After`: seconds or an HTTP date (RFC 9110), in milliseconds from `nowMs`. Null for anything else. */
export function askedMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  const asked = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(asked) ? null : asked;
}
