import { expect, test } from "vitest";
import { comparedOf, exceptionsOf, LEAST_ROUNDS, orderOf, type Pair } from "./pairs.ts";

const pairs = (...ratios: number[]): Pair[] =>
  ratios.map((ratio, i) => ({ base: 100 + i, next: (100 + i) * ratio }));

test("the sides take turns in coming first", () => {
  expect([1, 2, 3, 4, 5].map((number) => orderOf(number).join(" "))).toEqual([
    "base next",
    "next base",
    "base next",
    "next base",
    "base next",
  ]);
});

test("a ratio is of one round, so a drift of both sides cancels", () => {
  const drifting = [100, 130, 160, 190, 220].map((base): Pair => ({ base, next: base * 0.9 }));
  const { base, next, ratio, verdict } = comparedOf(drifting, "less");
  expect([base.median, base.least, base.most]).toEqual([160, 100, 220]);
  expect(next.median).toBe(144);
  for (const value of ratio.values) expect(value).toBeCloseTo(0.9, 10);
  expect(verdict).toBe("better");
});

test("all of five rounds on the same side are better or worse, by the figure's direction", () => {
  const [below, above] = [pairs(0.99, 0.9, 0.95, 0.97, 0.8), pairs(1.01, 1.1, 1.05, 1.03, 1.2)];
  expect(comparedOf(below, "less").verdict).toBe("better");
  expect(comparedOf(below, "more").verdict).toBe("worse");
  expect(comparedOf(above, "less").verdict).toBe("worse");
  expect(comparedOf(above, "more").verdict).toBe("better");
});

test("with one of five rounds on the other side, or a tie, a figure is within the noise", () => {
  expect(comparedOf(pairs(0.5, 0.5, 0.5, 0.5, 1.01), "less").verdict).toBe("within the noise");
  expect(comparedOf(pairs(0.5, 0.5, 0.5, 0.5, 1), "less").verdict).toBe("within the noise");
  expect(comparedOf(pairs(2, 2, 2, 2, 1), "less").verdict).toBe("within the noise");
});

test("with nine rounds one may be on the other side, two may not", () => {
  const nine = [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9];
  expect(comparedOf(pairs(...nine, 0.9, 1.5), "less").verdict).toBe("better");
  expect(comparedOf(pairs(...nine, 1.5, 1.5), "less").verdict).toBe("within the noise");
});

test("too few rounds give no verdict, even when all agree", () => {
  expect(comparedOf(pairs(0.5, 0.5, 0.5, 0.5), "less").verdict).toBe("too few rounds");
  expect(exceptionsOf(LEAST_ROUNDS - 1)).toBe(-1);
  expect(exceptionsOf(LEAST_ROUNDS)).toBe(0);
});

/** The share of the 2^count outcomes of coin flips that are as one-sided as `exceptions` allow. */
function falseAlarms(count: number, exceptions: number): number {
  const heads = Array.from({ length: 2 ** count }, (_, way) => way.toString(2).replaceAll("0", "").length);
  return heads.filter((n) => Math.min(n, count - n) <= exceptions).length / 2 ** count;
}

test("an unchanged figure is called better or worse at most once in 16, for any number of rounds", () => {
  for (let count = 1; count <= 14; count += 1) {
    const exceptions = exceptionsOf(count);
    if (exceptions >= 0)
      expect(falseAlarms(count, exceptions), `${count} rounds`).toBeLessThanOrEqual(1 / 16);
    expect(falseAlarms(count, exceptions + 1), `${count} rounds, one more`).toBeGreaterThan(1 / 16);
  }
});

test("a value that is not above 0 is refused, because it has no ratio", () => {
  expect(() => comparedOf([{ base: 0, next: 1 }], "less")).toThrow("0 was measured");
  expect(() => comparedOf([{ base: 1, next: Number.NaN }], "less")).toThrow("NaN was measured");
});
