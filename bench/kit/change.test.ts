import { expect, test } from "vitest";
import { changeOf, keeps } from "./change.ts";
import { spreadOf } from "./statistics.ts";

const last = spreadOf([100, 110, 120]);

test("spreads that overlap are no change, even when the medians are far apart", () => {
  expect(changeOf(last, spreadOf([119, 150, 160]), "less")).toEqual({
    percent: expect.closeTo(36.4, 1),
    verdict: "same",
  });
  expect(changeOf(last, spreadOf([120]), "less").verdict).toBe("same");
  expect(changeOf(last, spreadOf([100]), "less").verdict).toBe("same");
});

test("spreads that do not overlap are better or worse, by the figure's direction", () => {
  const [below, above] = [spreadOf([90, 99]), spreadOf([121, 130])];
  expect(changeOf(last, below, "less").verdict).toBe("better");
  expect(changeOf(last, below, "more").verdict).toBe("worse");
  expect(changeOf(last, above, "less").verdict).toBe("worse");
  expect(changeOf(last, above, "more").verdict).toBe("better");
});

test("a change from 0 has no percentage", () => {
  expect(changeOf(spreadOf([0]), spreadOf([5]), "less")).toEqual({ percent: null, verdict: "worse" });
});

test("the median keeps a goal, also when it is equal to it", () => {
  expect(keeps({ atMost: 110 }, last)).toBe(true);
  expect(keeps({ atMost: 109 }, last)).toBe(false);
  expect(keeps({ atLeast: 110 }, last)).toBe(true);
  expect(keeps({ atLeast: 111 }, last)).toBe(false);
});
