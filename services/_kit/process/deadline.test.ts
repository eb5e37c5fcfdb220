import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { currentDeadline, detached, withDeadline } from "./deadline.ts";

const never = new AbortController().signal;

test("work without a caller has no deadline", () => {
  expect(currentDeadline()).toBeUndefined();
});

test("a deadline travels with the work through all that it awaits, and nowhere else", async () => {
  const seen = await Promise.all([
    withDeadline(never, 100, async () => {
      await turn();
      return currentDeadline()?.atMs;
    }),
    withDeadline(never, 200, async () => currentDeadline()?.atMs),
  ]);
  expect(seen).toEqual([100, 200]);
  expect(currentDeadline()).toBeUndefined();
});

test("work inside other work may get less time, never more, and ends when either caller gives up", () => {
  const outer = new AbortController();
  const inner = new AbortController();
  withDeadline(outer.signal, 100, () => {
    withDeadline(inner.signal, 500, () => expect(currentDeadline()?.atMs).toBe(100));
    withDeadline(inner.signal, 50, () => expect(currentDeadline()?.atMs).toBe(50));
    for (const [gone, other] of [
      [outer, inner],
      [new AbortController(), outer],
    ] as const) {
      const signal = withDeadline(gone.signal, 50, () => currentDeadline()?.signal);
      expect(signal?.aborted).toBe(other.signal.aborted);
      gone.abort();
      expect(signal?.aborted).toBe(true);
    }
  });
});

test("detached work has no deadline, and a caller that gives up does not end it", async () => {
  const caller = new AbortController();
  await withDeadline(caller.signal, 100, async () => {
    const saga = detached(async () => {
      await turn();
      return currentDeadline();
    });
    caller.abort();
    expect(await saga).toBeUndefined();
    expect(currentDeadline()?.signal.aborted).toBe(true);
  });
});
