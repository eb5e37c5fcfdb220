import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { benches } from "./index.ts";
import { inReadme } from "./kit/readme.ts";
import { readRecord } from "./kit/record.ts";

const results = path.join(import.meta.dirname, "results");
const readme = await readFile(path.join(import.meta.dirname, "README.md"), "utf8");

test("README.md shows the figures of every benchmark as they were recorded, and none where none were", async () => {
  for (const bench of benches) {
    const record = await readRecord(results, bench.name);
    const empty = `<!-- ${bench.name} -->\n<!-- /${bench.name} -->`;
    if (record) expect(inReadme(readme, bench, record), bench.name).toBe(readme);
    else expect(readme, bench.name).toContain(empty);
    expect(record?.quick ?? false, bench.name).toBe(false);
  }
});

test("what is recorded is of a benchmark that there is", async () => {
  const names = benches.map(({ name }) => `${name}.json`);
  const recorded = await readdir(results).catch(() => []);
  expect(recorded.filter((file) => !names.includes(file))).toEqual([]);
});

test("README.md tells of each benchmark in its order, in words besides the figures", () => {
  const titles = [...readme.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
  expect(titles).toEqual(benches.map(({ name, title }) => `${title} (\`${name}\`)`));
  for (const { name } of benches) {
    const words = readme.split(`<!-- /${name} -->`)[1]?.split("\n## ")[0]?.trim() ?? "";
    expect(words.length, name).toBeGreaterThan(100);
  }
});
