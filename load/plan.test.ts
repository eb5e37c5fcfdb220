import { describe, expect, test } from "vitest";
import { chosen, MIX, planOf } from "./plan.ts";
import { type Profile, profiles } from "./profiles.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";

const profile = (name: string): Profile => {
  const found = profiles.find((one) => one.name === name);
  if (!found) throw new Error(`no profile ${name}`);
  return found;
};
const weighted = (name: string, weight: number): Scenario => ({
  ...(scenarios[0] as Scenario),
  name,
  load: { weight, p95Ms: 1_000 },
});

test("a name chooses its scenario, `mix` chooses all that have a weight, a misspelt name none", () => {
  const all = [weighted("a", 3), weighted("b", 1), weighted("out", 0)];
  expect(chosen("b", all).map(({ name }) => name)).toEqual(["b"]);
  expect(chosen(MIX, all).map(({ name }) => name)).toEqual(["a", "b"]);
  expect(chosen("out", all)).toHaveLength(1);
  expect(chosen("bb", all)).toEqual([]);
});

describe("the plan", () => {
  test("one scenario gets the whole profile, whatever its weight", () => {
    for (const weight of [0, 7]) {
      expect(planOf([weighted("a", weight)], profile("smoke")).scenarios.a).toMatchObject({
        executor: "shared-iterations",
        iterations: 5,
      });
      expect(planOf([weighted("a", weight)], profile("steady")).scenarios.a).toMatchObject({
        executor: "ramping-arrival-rate",
        startRate: 300,
        timeUnit: "60s",
        stages: [{ target: 300, duration: "60s" }],
      });
    }
  });

  test("a mix shares the rate by weight, and in a smoke run every scenario gets at least one checkout", () => {
    const mix = [weighted("a", 95), weighted("b", 5)];
    const rates = Object.values(planOf(mix, profile("steady")).scenarios).map(
      (one) => one.executor === "ramping-arrival-rate" && one.startRate,
    );
    expect(rates).toEqual([285, 15]);
    const counts = Object.values(planOf(mix, profile("smoke")).scenarios).map(
      (one) => one.executor === "shared-iterations" && one.iterations,
    );
    expect(counts).toEqual([5, 1]);
  });

  test("the rates of the real mix add up to the profile's rate", () => {
    for (const { name, shape } of profiles) {
      if ("checkouts" in shape) continue;
      const executors = Object.values(planOf(chosen(MIX, scenarios), profile(name)).scenarios);
      const sum = executors.reduce(
        (all, one) => all + (one.executor === "ramping-arrival-rate" ? one.startRate : 0),
        0,
      );
      expect(sum, name).toBeCloseTo(shape.fromPerSecond * 60, -1);
    }
  });

  test("each scenario has its own thresholds, by its tag; a spike may be slower and wrong a little more often", () => {
    expect(planOf([weighted("a", 1)], profile("smoke")).thresholds).toEqual({
      "checks{scenario:a}": ["rate>=1"],
      "http_req_duration{scenario:a}": ["p(95)<1000"],
      "iterations{scenario:a}": ["count>0"],
    });
    const spike = planOf([weighted("a", 1)], profile("spike")).thresholds;
    expect(spike["http_req_duration{scenario:a}"]).toEqual(["p(95)<4000"]);
    expect(spike["checks{scenario:a}"]).toEqual(["rate>=0.95"]);
  });

  test("the number of virtual users is bounded, and enough when every answer takes as long as its limit", () => {
    const slow = { ...weighted("a", 1), load: { weight: 1, p95Ms: 60_000 } };
    expect(planOf([slow], profile("spike")).scenarios.a).toMatchObject({ preAllocatedVUs: 100, maxVUs: 100 });
    expect(planOf([weighted("a", 1)], profile("steady")).scenarios.a).toMatchObject({ preAllocatedVUs: 6 });
  });
});
