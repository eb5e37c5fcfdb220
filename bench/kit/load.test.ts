import { expect, test } from "vitest";
import { closedLoop, during, paced, times } from "./load.ts";

const never = new AbortController().signal;

test("a closed loop has as many requests in flight as workers, and counts failures", async () => {
  let underWay = 0;
  let most = 0;
  let sent = 0;
  const loop = await closedLoop(4, times(101), never, async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    sent += 1;
    return sent % 2 === 0;
  });
  expect(most).toBe(4);
  expect(sent).toBe(101);
  expect(loop).toMatchObject({ requests: 101, failed: 51 });
  expect(loop.p99Ms).toBeGreaterThanOrEqual(loop.p50Ms);
});

test("a loop for a time ends after it", async () => {
  const more = during(20);
  expect(more()).toBe(true);
  const loop = await closedLoop(2, more, never, () => new Promise((resolve) => setImmediate(resolve, true)));
  expect(more()).toBe(false);
  await expect(
    closedLoop(
      2,
      () => true,
      AbortSignal.abort(),
      async () => true,
    ),
  ).rejects.toThrow();
  expect(loop.failed).toBe(0);
});

test("at a fixed rate, the next request does not wait for the last answer", async () => {
  let answer: (() => void) | undefined;
  let sent = 0;
  const all = paced(3, 1_000, never, async () => {
    sent += 1;
    if (sent === 3) answer?.();
    else if (sent === 1) await new Promise<void>((resolve) => (answer = resolve));
    return sent;
  });
  expect(await all).toEqual([3, 2, 3]);
  await expect(paced(2, 1_000, never, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(paced(2, 0.001, AbortSignal.abort(), async () => 1)).rejects.toThrow();
});
