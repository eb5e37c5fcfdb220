import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { benches } from "./index.ts";
import { inReadme } from "./kit/readme.ts";
import { readRecord } from "./kit/record.ts";

const results = path.join(import.meta.dirname, "results");
const readme = await readFile(path.join(import.meta.dirname, "README.md"), "utf8");

test("README.md shows the recorded figures of every benchmark, and none without a record", async () => {
  for (const bench of benches) {
    const record = await readRecord(results, bench.name);
    const empty = `<!-- ${bench.name} -->\n<!-- /${bench.name} -->`;
    if (record) expect(inReadme(readme, bench, record), bench.name).toBe(readme);
    else expect(readme, bench.name).toContain(empty);
    expect(record?.quick ?? false, bench.name).toBe(false);
  }
});

test("every record belongs to a benchmark", async () => {
  const names = benches.map(({ name }) => `${name}.json`);
  const recorded = await readdir(results).catch(() => []);
  expect(recorded.filter((file) => !names.includes(file))).toEqual([]);
});

test("README.md describes each benchmark in order, in words beside the figures", () => {
  const titles = [...readme.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
  expect(titles).toEqual(benches.map(({ name, title }) => `${title} (\`${name}\`)`));
  for (const { name } of benches) {
    const words = readme.split(`<!-- /${name} -->`)[1]?.split("\n## ")[0]?.trim() ?? "";
    expect(words.length, name).toBeGreaterThan(100);
  }
});
