import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { processStart } from "../../playground/runner/state.ts";
import { until } from "../../playground/until.ts";
import { patient } from "../../tests/patience.ts";
import { type Commit, commitOf } from "./commits.ts";
import { type Copy, withCopies } from "./copies.ts";
import { makeRepository, type Repository } from "./repository.fixture.ts";

// Each test runs git and cp some ten times, which takes seconds on a busy machine.

/** Replaces the command line: writes its arguments to a file in its folder. */
const BOOT = `require("node:fs").writeFileSync("asked", process.argv.slice(2).join(" "));`;

let repository: Repository;
let temporary: string;
let stop: AbortController;
let commits: { base: Commit; next: Commit };
const said: string[] = [];

beforeEach(async () => {
  temporary = await mkdtemp(path.join(os.tmpdir(), "baton-test-"));
  vi.stubEnv("TMPDIR", temporary);
  repository = await makeRepository();
  stop = new AbortController();
  said.length = 0;
  const files = { "package-lock.json": "{}", ".gitignore": "node_modules", "playground/boot.cjs": BOOT };
  await repository.commit({ ...files, "code.txt": "before" }, "Before");
  await repository.commit({ "code.txt": "after" }, "After");
  const packages = path.join(repository.root, "node_modules");
  await mkdir(path.join(packages, "one"), { recursive: true });
  await writeFile(path.join(packages, "one", "index.js"), "1");
  await writeFile(path.join(packages, ".baton-installed"), "note");
  const at = { root: repository.root, signal: stop.signal };
  commits = { base: await commitOf("HEAD~1", at), next: await commitOf("HEAD", at) };
});
afterEach(async () => {
  await repository.remove();
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true, force: true });
});

const copies = <T>(use: (copies: Readonly<Record<"base" | "next", Copy>>) => Promise<T>): Promise<T> =>
  withCopies(commits, { root: repository.root, signal: stop.signal, say: (line) => said.push(line) }, use);
const text = (...parts: string[]): Promise<string> => readFile(path.join(...parts), "utf8");
const inode = async (...parts: string[]): Promise<number> => (await stat(path.join(...parts))).ino;
/** The content of the temporary folder, without the repository. */
const left = async (): Promise<string[]> =>
  (await readdir(temporary)).filter((name) => name !== path.basename(repository.root));

test("each copy has its commit's files and this project's packages, and both are gone afterwards", async () => {
  const shared = path.join(repository.root, "node_modules");
  const result = await copies(async ({ base, next }) => {
    expect([await text(base.root, "code.txt"), await text(next.root, "code.txt")]).toEqual([
      "before",
      "after",
    ]);
    for (const { root, node } of [base, next]) {
      expect(await text(root, "asked")).toBe("help");
      expect(await text(root, "node_modules/one/index.js")).toBe("1");
      expect(await inode(root, "node_modules/one/index.js")).toBe(await inode(shared, "one/index.js"));
      // A copy may write this file again, which must not change this project's.
      expect(await text(root, "node_modules/.baton-installed")).toBe("note");
      expect(await inode(root, "node_modules/.baton-installed")).not.toBe(
        await inode(shared, ".baton-installed"),
      );
      expect(node).toBe(process.execPath);
    }
    return "used";
  });
  expect(result).toBe("used");
  expect(await left()).toEqual([]);
});

test("a commit with another lock file gets none of our packages: its own command line installs them", async () => {
  await repository.commit({ "package-lock.json": '{"other": true}' }, "Another lock");
  await copies(async ({ base, next }) => {
    // The working tree has the new lock file now, and so have its packages.
    expect(await readdir(base.root)).not.toContain("node_modules");
    expect(await readdir(next.root)).not.toContain("node_modules");
    expect(await text(base.root, "asked")).toBe("help");
  });
  expect(said.filter((line) => line.includes("npm ci"))).toHaveLength(2);
});

test("a commit that cannot be made ready is named with its output, and nothing is left behind", async () => {
  await repository.commit(
    { "playground/boot.cjs": 'console.error("no such thing"); process.exit(7)' },
    "Broken",
  );
  commits = { ...commits, next: await commitOf("HEAD", { root: repository.root, signal: stop.signal }) };
  await expect(copies(async () => "never")).rejects.toMatchObject({
    code: "incomplete",
    message: expect.stringMatching(/could not be made ready: .*status 7: no such thing/),
  });
  expect(await left()).toEqual([]);
});

test("an error while the copies are used leaves nothing behind", async () => {
  await expect(copies(() => Promise.reject(new Error("used up")))).rejects.toThrow("used up");
  expect(await left()).toEqual([]);
});

test("an interruption while a copy is made ends the processes that make it, and leaves nothing behind", async () => {
  await repository.commit({ "playground/boot.cjs": `${BOOT} setInterval(() => {}, 1000)` }, "For ever");
  commits = { ...commits, base: await commitOf("HEAD", { root: repository.root, signal: stop.signal }) };
  const making = copies(async () => "never");
  making.catch(() => {});
  await until(
    async () => {
      const [folder = ""] = await left();
      return text(temporary, folder, "base/asked");
    },
    {
      signal: new AbortController().signal,
      withinMs: patient(10_000),
      onLate: () => new Error("the command line was not asked"),
    },
  );
  stop.abort(new Error("interrupted"));
  await expect(making).rejects.toThrow("interrupted");
  expect(await left()).toEqual([]);
});

test("folders of killed comparisons are removed by the next one, but not those of running ones", async () => {
  const owned = async (name: string, owner: object): Promise<void> => {
    const folder = path.join(temporary, `baton-compare-${name}`);
    await mkdir(folder);
    await writeFile(path.join(folder, "owner.json"), JSON.stringify(owner));
  };
  const started = await processStart(process.pid);
  await owned("killed", { pid: process.pid, started: `${started}0` });
  await owned("running", { pid: process.pid, started });
  await mkdir(path.join(temporary, "baton-compare-unknown"));
  await copies(async () => {});
  expect((await left()).toSorted()).toEqual(["baton-compare-running", "baton-compare-unknown"]);
});
