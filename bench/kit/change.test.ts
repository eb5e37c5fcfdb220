import { expect, test } from "vitest";
import { changeOf, keeps } from "./change.ts";
import { spreadOf } from "./statistics.ts";

const last = spreadOf([100, 110, 120]);

test("what overlaps with the last time is no change, however far the medians are apart", () => {
  expect(changeOf(last, spreadOf([119, 150, 160]), "less")).toEqual({
    percent: expect.closeTo(36.4, 1),
    verdict: "same",
  });
  expect(changeOf(last, spreadOf([120]), "less").verdict).toBe("same");
  expect(changeOf(last, spreadOf([100]), "less").verdict).toBe("same");
});

test("what lies outside is better or worse, as the figure wants it", () => {
  const [below, above] = [spreadOf([90, 99]), spreadOf([121, 130])];
  expect(changeOf(last, below, "less").verdict).toBe("better");
  expect(changeOf(last, below, "more").verdict).toBe("worse");
  expect(changeOf(last, above, "less").verdict).toBe("worse");
  expect(changeOf(last, above, "more").verdict).toBe("better");
});

test("nothing is a percentage of 0", () => {
  expect(changeOf(spreadOf([0]), spreadOf([5]), "less")).toEqual({ percent: null, verdict: "worse" });
});

test("a goal is kept by the median, its own value included", () => {
  expect(keeps({ atMost: 110 }, last)).toBe(true);
  expect(keeps({ atMost: 109 }, last)).toBe(false);
  expect(keeps({ atLeast: 110 }, last)).toBe(true);
  expect(keeps({ atLeast: 111 }, last)).toBe(false);
});
