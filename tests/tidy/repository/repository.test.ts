import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRepository, repositoryOf } from "./repository.ts";

let root: string;
const write = async (file: string, text: string): Promise<void> => {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
};

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "baton-tidy-"));
});
afterEach(() => rm(root, { recursive: true }));

test("an archive without git has all files but those that .gitignore names", async () => {
  await write(".gitignore", "node_modules/\n.baton/\n");
  await write("node_modules/zod/index.ts", "export {};");
  await write(".baton/run.json", "{}");
  await write("README.md", "# A\n");
  await write("services/a/b.ts", "export const b = 1;\n");
  const { files, sources, text } = await readRepository(root);
  expect(files).toEqual([".gitignore", "README.md", "services/a/b.ts"]);
  expect(sources.map(({ file, lines }) => [file, lines])).toEqual([["services/a/b.ts", 1]]);
  expect(text("README.md")).toBe("# A\n");
});

test("generated code is no source, and reading a missing file throws", () => {
  const { sources, text } = repositoryOf({ "a/gen/b.ts": "", "a/c.ts": "" });
  expect(sources.map(({ file }) => file)).toEqual(["a/c.ts"]);
  expect(() => text("d.ts")).toThrow("the repository has no d.ts");
});
