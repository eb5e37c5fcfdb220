import { describe, expect, test } from "vitest";
import { isRetryable, waitMs } from "./retry.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");

test("only what OTLP calls retryable is tried again", () => {
  const tried = [200, 400, 401, 404, 413, 429, 500, 501, 502, 503, 504].filter(isRetryable);
  expect(tried).toEqual([429, 502, 503, 504]);
});

describe("the wait before the next attempt", () => {
  test("is what the backend asked for, as seconds or as a date, within reason", () => {
    expect(waitMs(1, "7", NOW, 0)).toBe(7000);
    expect(waitMs(1, "Sat, 21 Nov 2026 12:00:09 GMT", NOW, 0)).toBe(9000);
    expect(waitMs(1, "Sat, 21 Nov 2026 11:00:00 GMT", NOW, 0)).toBe(0);
    expect(waitMs(1, "999999", NOW, 0)).toBe(300_000);
  });

  test("else doubles up to half a minute, half of it by chance", () => {
    expect([1, 2, 3, 9, 50].map((attempt) => waitMs(attempt, null, NOW, 1))).toEqual([
      500, 1000, 2000, 30_000, 30_000,
    ]);
    expect(waitMs(1, "soon", NOW, 0)).toBe(250);
  });
});
