import { expect, test } from "vitest";
import { factorFor, factorFrom, patient, promised, VARIABLE } from "./patience.ts";

test.each([
  ["a quiet laptop with eight cores", 150, 8, 3],
  ["a quiet one with two", 150, 2, 3],
  ["two cores beside two busy loops", 300, 2, 4],
  ["eight cores beside as many busy processes", 750, 8, 5],
  ["two somewhat slower cores", 260, 2, 4],
  ["an extremely slow machine", 60_000, 2, 30],
])("the factor of %s", (_which, tookMs, cores, factor) => {
  expect(factorFor(tookMs, cores)).toBe(factor);
});

test("a factor set by hand is used unchanged", () => {
  expect([factorFrom("1"), factorFrom("12.5"), factorFrom(undefined), factorFrom("")]).toEqual([
    1, 12.5, 3, 3,
  ]);
});

test.each(["0", "-3", "much", "0.5", "1e9"])("the factor %s is refused, by the variable's name", (value) => {
  expect(() => factorFrom(value)).toThrow(VARIABLE);
});

test("a promised time is unchanged on a quiet machine, and longer on a slower one", () => {
  const before = process.env[VARIABLE];
  try {
    const promises = ["1", "3", "6"].map((factor) => {
      process.env[VARIABLE] = factor;
      return promised(5_000);
    });
    expect(promises).toEqual([5_000, 5_000, 10_000]);
  } finally {
    process.env[VARIABLE] = before;
  }
});

test("the run's factor reaches each test, and every bound is multiplied by it", () => {
  expect(process.env[VARIABLE]).toMatch(/^\d/);
  expect(patient(1_000)).toBe(1_000 * factorFrom(process.env[VARIABLE]));
  expect(patient(7) % 10).toBe(0);
});
