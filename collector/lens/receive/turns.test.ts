import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test("there is one turn in each round of the event loop, in the order of asking", async () => {
  const turns = new Turns();
  const had: number[] = [];
  const all = [1, 2, 3].map(async (n) => {
    await turns.next();
    had.push(n);
  });
  expect(had).toEqual([]);
  await setImmediate();
  expect(had).toEqual([1]);
  await Promise.all(all);
  expect(had).toEqual([1, 2, 3]);
  await turns.next();
});
