import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "./bench.ts";
import { measure } from "./measure.ts";
import { inReadme } from "./readme.ts";
import { parseRecord, readRecord, recordText, writeRecord } from "./record.ts";
import { changeText, markdown, numberText, recordTables } from "./table.ts";

/** Reports 10 ms times the round's number. */
const bench: Bench = {
  name: "sleep",
  title: "Sleep",
  how: "by counting",
  rounds: 3,
  figures: [
    { name: "took", says: "time slept", unit: "ms", better: "less", goal: { atMost: 15 } },
    { name: "ratio", says: "of what was asked for", unit: "", better: "more" },
  ],
  run: async ({ number }) => ({
    values: { took: number * 10, ratio: 1 / number },
    tables: [{ title: "By bed", columns: ["bed", "ms"], rows: [["left", String(number)]] }],
  }),
};
const options = { rounds: 3, quick: false, signal: new AbortController().signal, say: () => {} };

describe("a measurement", () => {
  test("has the values of all rounds for each figure, and the last round's tables", async () => {
    const record = await measure(bench, options);
    expect(record.figures.took).toEqual({ median: 20, least: 10, most: 30, values: [10, 20, 30] });
    expect(record.tables).toEqual([{ title: "By bed", columns: ["bed", "ms"], rows: [["left", "3"]] }]);
    expect(record.machine.cores).toBeGreaterThan(0);
    expect(record.machine.node).toBe(process.versions.node);
  });

  test("fails when a figure is missing, is no number, or is one too many", async () => {
    const giving = (values: Record<string, number>) =>
      measure({ ...bench, run: async () => ({ values }) }, options);
    await expect(giving({ took: 1 })).rejects.toThrow("did not measure ratio");
    await expect(giving({ took: 1, ratio: Number.NaN })).rejects.toThrow("did not measure ratio");
    await expect(giving({ took: 1, ratio: 1, dreams: 2 })).rejects.toThrow("strange: dreams");
  });

  test("ends between rounds when it is told to", async () => {
    const stop = new AbortController();
    const run: Bench["run"] = async (round) => {
      stop.abort(new Error("enough"));
      return bench.run(round);
    };
    await expect(measure({ ...bench, run }, { ...options, signal: stop.signal })).rejects.toThrow("enough");
  });
});

describe("a record", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "baton-bench-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("is null before it is written, and then read as it was written", async () => {
    expect(await readRecord(folder, "sleep")).toBeNull();
    const record = await measure(bench, options);
    await writeRecord(folder, record);
    expect(await readRecord(folder, "sleep")).toEqual(record);
  });

  test("is refused when it has another form", () => {
    expect(() => parseRecord('{"bench":"sleep"}')).toThrow();
    expect(() => parseRecord("{")).toThrow();
  });

  test("is printed as a table with goals, and beside the last record with the change", async () => {
    const last = await measure(bench, options);
    const slower: Bench = { ...bench, run: async () => ({ values: { took: 40, ratio: 0.5 } }) };
    const now = await measure(slower, { ...options, rounds: 1 });
    expect(recordTables(bench, last)).toBe(
      [
        "| figure                | median (least to most) | goal                  |",
        "|-----------------------|------------------------|-----------------------|",
        "| time slept            | 20 ms (10 to 30)       | at most 15 ms: missed |",
        "| of what was asked for | 0.50 (0.33 to 1)       |                       |",
        "",
        "By bed",
        "",
        "| bed  | ms  |",
        "|------|-----|",
        "| left | 3   |",
      ].join("\n"),
    );
    const compared = recordTables(bench, now, last);
    expect(compared).toContain("| 20 ms (10 to 30) | +100 %, worse |");
    expect(compared).toContain("| 0.50 (0.33 to 1) | (+0 %)        |");
  });

  test("is put in its place in README.md, and nowhere else", async () => {
    const record = await measure(bench, options);
    const text = "# Figures\n\n<!-- sleep -->\nold\n<!-- /sleep -->\n\nWhat limits it: $& the night.\n";
    const once = inReadme(text, bench, record);
    expect(once).toMatch(
      /^# Figures\n\n<!-- sleep -->\n\| figure[\s\S]*3 rounds in 0 s on [\s\S]*<!-- \/sleep -->\n\nWhat limits it: \$& the night\.\n$/,
    );
    expect(once).not.toContain("old");
    expect(inReadme(once, bench, record)).toBe(once);
    expect(() => inReadme("# Figures\n", bench, record)).toThrow('no place for "sleep"');
    expect(recordText([record])).toContain('"bench": "sleep"');
  });
});

test("numbers have two decimals below 10, one below 100, and none above", () => {
  expect([1234.5, 123.4, 12.34, 1.234, 0.004, 7, -12.34].map(numberText)).toEqual([
    "1,235",
    "123",
    "12.3",
    "1.23",
    "0.00",
    "7",
    "-12.3",
  ]);
  expect(changeText({ percent: -12.4, verdict: "better" })).toBe("-12 %, better");
  expect(changeText({ percent: null, verdict: "worse" })).toBe("from 0, worse");
  expect(markdown({ columns: ["a"], rows: [["wide cell"]] })).toBe(
    "| a         |\n|-----------|\n| wide cell |",
  );
});
