import { expect, test } from "vitest";
import { closedLoop, median, percentile } from "./measure.ts";

test("a percentile is a value that was measured", () => {
  const hundred = Array.from({ length: 100 }, (_, n) => n + 1);
  expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1)]).toEqual([
    50, 99, 100,
  ]);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.99)).toBe(0);
  expect(median([9, 1, 5])).toBe(5);
});

test("a closed loop has as many requests under way as it has workers, and counts what fails", async () => {
  let underWay = 0;
  let most = 0;
  let sent = 0;
  const loop = await closedLoop(4, 50, async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    sent += 1;
    return sent % 2 === 0;
  });
  expect(most).toBe(4);
  expect(loop.requests).toBe(sent);
  expect(loop.failed).toBe(Math.ceil(sent / 2));
  expect(loop.p99Ms).toBeGreaterThanOrEqual(loop.p50Ms);
});
