import { expect, test } from "vitest";
import { figures, GROUPS } from "./figures.ts";
import { checkEnvironment, type Plan, planText, roundsOf, wantedGroups } from "./plan.ts";
import { turns } from "./turns.ts";

test("without a choice all groups are compared, else the named ones", () => {
  expect([...wantedGroups(undefined)]).toEqual([...GROUPS]);
  expect([...wantedGroups("ingest, start")]).toEqual(["ingest", "start"]);
});

test.each(["speed", "start,", "", "start memory"])(
  "an unknown choice (%j) is refused with the valid ones",
  (only) => {
    expect(() => wantedGroups(only)).toThrow(/--only takes start, memory, checkouts, cpu, ingest/);
  },
);

test("fewer rounds than a verdict needs are refused, except for a quick run", () => {
  expect(roundsOf(undefined, false)).toBe(5);
  expect(roundsOf(9, false)).toBe(9);
  expect(() => roundsOf(4, false)).toThrow(/5 or more/);
  expect(roundsOf(undefined, true)).toBe(1);
  expect(roundsOf(2, true)).toBe(2);
});

test("each group has a figure, and a turn that measures it", () => {
  expect([...new Set(figures.map(({ group }) => group))]).toEqual([...GROUPS]);
  expect(new Set(turns.flatMap(({ groups }) => groups))).toEqual(new Set(GROUPS));
});

test("settings that keep spans from lens are named", () => {
  expect(() => checkEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" })).toThrow(
    "unset OTEL_EXPORTER_OTLP_ENDPOINT",
  );
  expect(() => checkEnvironment({ OTEL_TRACES_EXPORTER: "none", PATH: "" })).toThrow(
    "unset OTEL_TRACES_EXPORTER",
  );
  checkEnvironment({ BATON_TELEMETRY: "off", OTEL_BSP_SCHEDULE_DELAY: "100" });
});

const machine = { cores: 2, cpu: "CPU", memoryGb: 8, os: "linux x64", node: "24.0.0", loadBefore: 0.5 };

test("the plan is printed first: both commits, what is not measured, about how long it takes", () => {
  const commit = (short: string) => ({ hash: short.padEnd(40, "0"), short, subject: `What ${short} does` });
  const plan: Plan = {
    commits: { base: commit("aaaaaaa"), next: commit("bbbbbbb") },
    wanted: new Set(GROUPS),
    figures,
    turns,
    rounds: 5,
    quick: false,
    uncommitted: 2,
  };
  const text = planText(plan, machine).join("\n");
  expect(text).toContain("compare aaaaaaa (What aaaaaaa does)\n   with bbbbbbb (What bbbbbbb does)\n");
  expect(text).toContain("2 files differ from HEAD and cannot be measured before a commit");
  const minutes = Number(/about (\d+) minutes/.exec(text)?.[1]);
  expect(minutes).toBeGreaterThan(10);
  expect(minutes).toBeLessThan(25);
  const again = { ...plan, uncommitted: 0, commits: { ...plan.commits, next: plan.commits.base } };
  const same = planText(again, { ...machine, loadBefore: 3.5 });
  expect(same.join("\n")).toContain("one commit twice");
  expect(same.join("\n")).not.toContain("differ");
  expect(text).toContain("let the machine do nothing else");
  expect(same.join("\n")).toContain("the machine is busy (load 3.5 on 2 cores)");
});
