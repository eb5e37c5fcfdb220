import { describe, expect, test, vi } from "vitest";
import { problemsOf, seriesIn, subjectOf, withoutVariables } from "./promql.ts";
import { queriesOf, readRules } from "./queries.ts";

test("every query of every panel and alert is PromQL, and its types fit", async () => {
  const queries = await queriesOf();
  expect(queries.length).toBeGreaterThan(100);
  const wrong = queries.flatMap(({ dashboard, panel, expr }) =>
    problemsOf(expr).map((problem) => `${dashboard}, ${panel}: ${problem} in ${expr}`),
  );
  expect(wrong).toEqual([]);
});

test("every alert is PromQL without variables, and has a comparison at its top", async () => {
  const rules = await readRules();
  expect(rules.length).toBeGreaterThan(0);
  for (const { alert, expr } of rules) {
    expect(problemsOf(expr), alert).toEqual([]);
    expect(subjectOf(expr), `${alert} has no comparison and always fires`).not.toBe(expr);
  }
});

test("every alert has its own name and a runbook line that says what fires it", async () => {
  const rules = await readRules();
  const names = rules.map(({ alert }) => alert);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  for (const { alert, annotations } of rules)
    expect(annotations.runbook, alert).toMatch(/^Fires (when|with|on) /);
});

describe("the check of PromQL", () => {
  test.each([
    ["sum(", "syntax"],
    ["rate(a_total)", "an instant vector where a range is needed"],
    ["sum by (job) rate(a_total[1m])", "missing parentheses"],
    ["histogram_quantile(a, b)", "a vector where a number is needed"],
    ["nothing_of_the_kind(a)", "an unknown function"],
    ["rate(a_total[$__rate_interval])", "a variable that was not replaced"],
  ])("finds the error in %s: %s", (expr) => {
    expect(problemsOf(expr)).not.toEqual([]);
  });

  test("finds no error in a correct expression with replaced variables", () => {
    expect(
      problemsOf(withoutVariables('sum by (job) (rate(a_total{b=~"c|d"}[$__rate_interval])) or vector(0)')),
    ).toEqual([]);
  });

  test("reads an expression to its end, however slow the machine is", () => {
    // A second passes whenever the parser reads the clock.
    let nowMs = 0;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => (nowMs += 1_000));
    try {
      expect(problemsOf("max by (job) (sum by (job, instance) (rate(a_total[1m])))")).toEqual([]);
      expect(nowMs).toBeGreaterThan(0);
    } finally {
      clock.mockRestore();
    }
  });

  test("names the series that an expression selects, and neither labels nor functions", () => {
    expect(seriesIn('sum by (job) (rate(a_total{c="d_total"}[1m])) / on (job) max(b)')).toEqual([
      "a_total",
      "b",
    ]);
  });

  test("removes the comparison at the top, but none below it", () => {
    expect(subjectOf("max(a > 1) > 2")).toBe("max(a > 1)");
    expect(subjectOf("max(a)")).toBe("max(a)");
    expect(subjectOf("a or b > 1")).toBe("a or b > 1");
  });
});
