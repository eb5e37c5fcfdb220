import { beforeAll, expect, test } from "vitest";
import type { LibraryFault } from "../../telemetry/libraries.ts";
import { readRegistry } from "../../telemetry/registry.ts";
import type { Registry } from "../../telemetry/rows.ts";
import { everything, origin } from "./judge/emitted.fixture.ts";
import { judge } from "./judge/judge.ts";
import { schemaUrlOf } from "./judge/origin.ts";
import type { Violation } from "./judge/violation.ts";
import { coverageOf, isExcusedBy, reportLines, violationLines } from "./report.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await readRegistry();
});

const line: LibraryFault = {
  library: "pg",
  version: "1.0.0",
  rule: "wrong unit",
  subject: "metric.pending",
  wrong: "a unit",
  why: "no hook",
};
const violation: Violation = {
  signal: "metric",
  rule: "wrong unit",
  scope: "pg",
  version: "1.0.0",
  subject: "metric.pending",
  attribute: "",
  says: `"{connection}" is not "{request}"`,
};

test.each<[string, Partial<LibraryFault>, boolean]>([
  ["it is about", {}, true],
  ["it is about, whatever the row", { subject: undefined } as never, true],
  ["is of another version", { version: "1.0.1" }, false],
  ["is of another library", { library: "ioredis" }, false],
  ["breaks another rule", { rule: "wrong name" }, false],
  ["is of another row", { subject: "metric.max" }, false],
  ["is about another attribute", { attribute: "error.type" }, false],
])("a line of the closed list excuses what %s, or does not", (_, change, excuses) => {
  expect(isExcusedBy({ ...line, ...change })(violation)).toBe(excuses);
});

test("violations of one kind are one line with their number, the most frequent first", () => {
  expect(
    violationLines([violation, { ...violation, rule: "wrong name" }, { ...violation, says: "other" }]),
  ).toEqual([
    '2 × pg@1.0.0 | metric.pending | wrong unit: "{connection}" is not "{request}"',
    '1 × pg@1.0.0 | metric.pending | wrong name: "{connection}" is not "{request}"',
  ]);
});

test("the report says how many items of each kind there were, and which kinds, hops and failures", () => {
  const all = everything(origin(schemaUrlOf(registry)));
  const text = reportLines(judge(all, registry), coverageOf(all, registry)).join("\n");
  expect(text).toContain(`spans: ${all.spans.length} of ${all.spans.length} without violation (100.0 %)`);
  expect(text).toMatch(/^kinds: .*SERVER 3/m);
  expect(text).toMatch(/^spans: .*span\.baton\.event\.receive 1/m);
  expect(text).toMatch(/^failures: .*NOT_FOUND 1/m);
  expect(text).toMatch(/^outcomes: retry 1, ack 1/m);
});
