import { expect, test } from "vitest";
import { figures } from "./figures.ts";
import { comparedOf, type Pair } from "./pairs.ts";
import { type Comparison, comparisonTable, comparisonText, parseComparison } from "./report.ts";

const machine = { cores: 2, cpu: "CPU", memoryGb: 8, os: "linux x64", node: "24.0.0", loadBefore: 0 };
const commit = (short: string) => ({ hash: short.padEnd(40, "0"), short, subject: `What ${short} does` });
const pairs: Pair[] = [
  { base: 100, next: 90 },
  { base: 110, next: 88 },
  { base: 120, next: 119 },
  { base: 100, next: 95 },
  { base: 105, next: 84 },
];

const comparison = (rounds: number): Comparison => ({
  at: "2026-01-02T03:04:05.678Z",
  machine,
  base: commit("aaaaaaa"),
  next: commit("bbbbbbb"),
  rounds,
  quick: false,
  tookSeconds: 1_234.5,
  figures: {
    first: comparedOf(pairs.slice(0, rounds), "less"),
    off: comparedOf(pairs.slice(0, rounds), "more"),
  },
});

test("the table has both medians, the ratios' median and spread, and the verdict", () => {
  const lines = comparisonTable(comparison(5), figures).split("\n");
  const cells = lines.slice(0, 4).map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells[0]).toEqual([
    "",
    "figure (medians)",
    "aaaaaaa",
    "bbbbbbb",
    "ratio (least to most)",
    "verdict",
    "",
  ]);
  expect(cells[2]?.slice(2, 6)).toEqual(["105 ms", "90 ms", "0.900 (0.800 to 0.992)", "better"]);
  expect(cells[3]?.slice(2, 6)).toEqual(["105", "90", "0.900 (0.800 to 0.992)", "worse"]);
  expect(lines.slice(4).join("\n")).toContain("The ratio is bbbbbbb over aaaaaaa, round by round.");
  expect(lines.slice(4).join("\n")).toContain("5 rounds in 1235 s: 2 cores (CPU)");
});

test("with too few rounds the table says so, instead of a verdict", () => {
  const table = comparisonTable(comparison(2), figures);
  expect(table).toContain("too few rounds");
  expect(table).toContain("2 rounds: fewer than 5 cannot tell a change from noise.");
  expect(table).not.toContain("worse");
});

test("a commit that is compared with itself has two names", () => {
  const same = { ...comparison(5), next: commit("aaaaaaa") };
  expect(comparisonTable(same, figures)).toContain("The ratio is aaaaaaa again over aaaaaaa");
});

test("the JSON is read back as it was written", () => {
  expect(parseComparison(comparisonText(comparison(5)))).toEqual(comparison(5));
  expect(() => parseComparison("{}")).toThrow();
});
