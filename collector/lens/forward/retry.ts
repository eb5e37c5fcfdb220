/** Whether and when a request that failed is sent again, as OTLP asks for it. */

/** Answers after which OTLP lets a sender try again. */
const RETRYABLE = new Set([429, 502, 503, 504]);
const FIRST_MS = 500;
const MOST_MS = 30_000;
/** A backend may ask for a longer wait than we would make, but not for ever. */
const MOST_ASKED_MS = 5 * 60_000;

export const isRetryable = (status: number): boolean => RETRYABLE.has(status);

/**
 * How long to wait before attempt `attempt` + 1, in milliseconds: what the backend asked for, else 500 ms doubling up
 * to 30 s, half of it by chance, so that many senders do not come back at once. `random`: 0 to 1.
 */
export function waitMs(attempt: number, retryAfter: string | null, nowMs: number, random: number): number {
  const asked = retryAfter === null ? Number.NaN : askedMs(retryAfter, nowMs);
  if (!Number.isNaN(asked)) return Math.min(Math.max(asked, 0), MOST_ASKED_MS);
  const most = Math.min(FIRST_MS * 2 ** (attempt - 1), MOST_MS);
  return most / 2 + (most / 2) * random;
}

/** Seconds or an HTTP date (RFC 9110). NaN for anything else. */
const askedMs = (text: string, nowMs: number): number =>
  /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
