import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../kit/program.ts";
import { commitOf, uncommitted, unpack } from "./commits.ts";
import { makeRepository, type Repository } from "./repository.fixture.ts";

// Each test runs git and cp some ten times, which takes seconds on a busy machine.

const signal = new AbortController().signal;
let repository: Repository;
beforeAll(async () => {
  repository = await makeRepository();
  await repository.commit({ "a.txt": "one" }, "The first");
  await repository.commit({ "a.txt": "two", "folder/b.txt": "new" }, "The second: with a colon");
});
afterAll(() => repository.remove());

const at = (root: string) => ({ root, signal });

test("a commit is found by any name that git knows, with its subject", async () => {
  const second = await commitOf("HEAD", at(repository.root));
  expect(second.subject).toBe("The second: with a colon");
  expect(second.hash).toMatch(/^[0-9a-f]{40}$/);
  expect(second.hash.startsWith(second.short)).toBe(true);
  expect(await commitOf(second.short, at(repository.root))).toEqual(second);
  expect((await commitOf("HEAD~1", at(repository.root))).subject).toBe("The first");
});

test("a missing commit is named in one line, with the fix", async () => {
  for (const name of ["no-such-branch", "deadbeef", "HEAD~9", "HEAD:a.txt"]) {
    await expect(commitOf(name, at(repository.root))).rejects.toMatchObject({
      code: "usage",
      message: `there is no commit "${name}" in this repository: take one of git log --oneline, or bring it with git fetch`,
    });
  }
});

test("a folder outside a repository is named, too", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "baton-test-"));
  try {
    await expect(commitOf("HEAD", at(folder))).rejects.toMatchObject({
      code: "environment",
      message: expect.stringMatching(/not a git repository.*compare in a clone/),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a clean checkout has the commit's files, and nothing that is newer or uncommitted", async () => {
  await writeFile(path.join(repository.root, "a.txt"), "changed");
  await writeFile(path.join(repository.root, "new.txt"), "new");
  expect(await uncommitted(at(repository.root))).toBe(2);
  const before = await run("git", ["status", "--porcelain"], { cwd: repository.root, signal });
  const temporary = await mkdtemp(path.join(os.tmpdir(), "baton-test-"));
  try {
    for (const [name, files] of [
      ["HEAD~1", { "a.txt": "one" }],
      ["HEAD", { "a.txt": "two", "folder/b.txt": "new" }],
    ] as const) {
      const folder = path.join(temporary, name);
      await mkdir(folder);
      await unpack(await commitOf(name, at(repository.root)), folder, at(repository.root));
      const found = await readdir(folder, { recursive: true, withFileTypes: true });
      const paths = found
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
      expect(paths.toSorted()).toEqual(Object.keys(files));
      for (const [file, text] of Object.entries(files))
        expect(await readFile(path.join(folder, file), "utf8")).toBe(text);
    }
    expect((await readdir(temporary)).toSorted()).toEqual(["HEAD", "HEAD~1"]);
  } finally {
    await rm(temporary, { recursive: true });
  }
  expect(await run("git", ["status", "--porcelain"], { cwd: repository.root, signal })).toBe(before);
  expect(await run("git", ["worktree", "list"], { cwd: repository.root, signal })).toMatch(/^[^\n]*\n$/);
});
