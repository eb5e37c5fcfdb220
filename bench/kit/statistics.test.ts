import { expect, test } from "vitest";
import { median, percentile, spreadOf } from "./statistics.ts";

test("a percentile is a value that was measured", () => {
  const hundred = Array.from({ length: 100 }, (_, n) => n + 1);
  expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1)]).toEqual([
    50, 99, 100,
  ]);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.99)).toBe(0);
});

test("a median needs no order, and is the lower middle of an even number of values", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 9, 1, 2])).toBe(2);
});

test("a spread goes from the least to the most and keeps the rounds' order", () => {
  expect(spreadOf([30, 10, 20])).toEqual({ median: 20, least: 10, most: 30, values: [30, 10, 20] });
});
