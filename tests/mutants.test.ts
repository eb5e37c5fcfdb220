import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { mutants } from "./mutants.ts";

const root = path.dirname(import.meta.dirname);

test("every mutant's text occurs exactly once, so that a changed line stays in the mutation run", async () => {
  for (const { name, file, find } of mutants) {
    const text = await readFile(path.join(root, file), "utf8");
    expect.soft(text.split(find).length - 1, name).toBe(1);
  }
});

test("no two mutants share a name", () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});
