import { expect, test } from "vitest";
import { readRegistry } from "../../telemetry/registry.ts";
import { MEANINGS, withUnit } from "./meanings.ts";

test("the figures that are metrics have the registry's names, units and meanings", async () => {
  const { metrics } = await readRegistry();
  const figures = Object.entries(MEANINGS);
  expect(figures.map(([name]) => name)).toEqual(["outbox", "streams", "queues", "deadLetters"]);
  for (const [name, { metric, unit, means }] of figures) {
    const row = metrics.get(metric);
    expect(unit, name).toBe(row?.unit);
    expect(means.startsWith(row?.brief ?? "nothing"), `${name}: ${means}`).toBe(true);
  }
});

test.each([
  [0, "{row}", "0 rows"],
  [1, "{message}", "1 message"],
  [7, "{job}", "7 jobs"],
  [null, "{job}", "? jobs"],
] as const)("%s of %s is %s", (value, unit, text) => {
  expect(withUnit(value, unit)).toBe(text);
});
