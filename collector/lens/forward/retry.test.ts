import { describe, expect, test } from "vitest";
import { askedMs, isRetryable, isRetryableCode, waitMs } from "./retry.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");

test("only what OTLP calls retryable is tried again", () => {
  const tried = [200, 400, 401, 404, 413, 429, 500, 501, 502, 503, 504].filter(isRetryable);
  expect(tried).toEqual([429, 502, 503, 504]);
});

test("of gRPC's codes those that OTLP names, and a backend that is too full only when it says for how long", () => {
  const codes = Array.from({ length: 17 }, (_, code) => code);
  expect(codes.filter((code) => isRetryableCode(code, false))).toEqual([1, 4, 10, 11, 14, 15]);
  expect(codes.filter((code) => isRetryableCode(code, true))).toEqual([1, 4, 8, 10, 11, 14, 15]);
});

describe("the wait before the next attempt", () => {
  test("is what the backend asked for, as seconds or as a date, within reason", () => {
    expect(waitMs(1, askedMs("7", NOW), 0)).toBe(7000);
    expect(waitMs(1, askedMs("Sat, 21 Nov 2026 12:00:09 GMT", NOW), 0)).toBe(9000);
    expect(waitMs(1, askedMs("Sat, 21 Nov 2026 11:00:00 GMT", NOW), 0)).toBe(0);
    expect(waitMs(1, askedMs("999999", NOW), 0)).toBe(300_000);
  });

  test("else doubles up to half a minute, half of it by chance", () => {
    expect([1, 2, 3, 9, 50].map((attempt) => waitMs(attempt, null, 1))).toEqual([
      500, 1000, 2000, 30_000, 30_000,
    ]);
    expect(waitMs(1, askedMs("soon", NOW), 0)).toBe(250);
  });
});
