import { expect, test } from "vitest";
import { failureText } from "./failure.ts";
import { summaryText } from "./summary.ts";

const threshold = (text: string, ok: boolean) => ({ [text]: { ok } });
const data = {
  metrics: {
    "checks{scenario:a}": {
      values: { rate: 1, passes: 5, fails: 0 },
      thresholds: threshold("rate>=1", true),
    },
    "http_req_duration{scenario:a}": {
      values: { med: 31.4, "p(95)": 80.6, "p(99)": 91 },
      thresholds: threshold("p(95)<1500", true),
    },
    "iterations{scenario:a}": { values: { count: 5 }, thresholds: threshold("count>0", true) },
    "checks{scenario:bee}": {
      values: { rate: 0.9666, passes: 1160, fails: 40 },
      thresholds: threshold("rate>=0.99", false),
    },
    "http_req_duration{scenario:bee}": {
      values: { med: 1, "p(95)": 2, "p(99)": 3 },
      thresholds: threshold("p(95)<1", false),
    },
    "iterations{scenario:bee}": { values: { count: 1200 }, thresholds: threshold("count>0", true) },
    dropped_iterations: { values: { count: 7 } },
  },
};

test("a row for each scenario shows the promises beside the results, and which thresholds broke", () => {
  expect(summaryText(data, ["a", "bee"])).toBe(
    [
      "scenario  checkouts  as promised  median  p95    p99    promised p95",
      "a         5          100 %        31 ms   81 ms  91 ms  <1500 ms      ✓",
      "bee       1200       96.7 %       1 ms    2 ms   3 ms   <1 ms         ✗  rate>=0.99, p(95)<1",
      "7 checkouts were not sent: all virtual users were waiting for answers",
      "thresholds broken: bee",
    ].join("\n"),
  );
});

test("a good run says that every threshold held, and a scenario that never ran has no figures", () => {
  const { dropped_iterations: _, ...metrics } = data.metrics;
  expect(summaryText({ metrics }, ["a"])).toMatch(/\nevery threshold held$/);
  const none = {
    "iterations{scenario:c}": { values: { count: 1 }, thresholds: threshold("count>0", true) },
    "checks{scenario:c}": {
      values: { rate: 0, passes: 0, fails: 0 },
      thresholds: threshold("rate>=0", true),
    },
  };
  for (const metrics of [none, {}]) {
    const text = summaryText({ metrics }, ["c"]);
    expect(text).toMatch(/^c +0 +- +- +- +- +✗ +no checkout was judged$/m);
    expect(text).toMatch(/\nthresholds broken: c$/);
  }
});

test("a failure names its trace and every place that shows it", () => {
  const ids = { traceId: "ab12", correlationId: "k6-1-checkout-0" };
  const text = failureText("checkout", ["status: expected 201, found 402"], ids, {
    lens: "http://127.0.0.1:4000",
    jaeger: "http://127.0.0.1:16686",
  });
  expect(text.split("\n")).toEqual([
    "✗ checkout  status: expected 201, found 402",
    "    trace   ab12",
    "    tree    npm run trace -- ab12",
    "    logs    npm run logs -- k6-1-checkout-0",
    "    lens    http://127.0.0.1:4000/api/journeys/ab12",
    "    jaeger  http://127.0.0.1:16686/trace/ab12",
  ]);
  expect(failureText("checkout", [], ids, { lens: "", jaeger: "" })).not.toMatch(/lens|jaeger/);
});
