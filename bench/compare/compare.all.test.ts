/** Runs `npm run bench -- compare` as a user types it: it measures all its figures and leaves nothing behind. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../playground/until.ts";
import { patient } from "../../tests/patience.ts";
import { figures } from "./figures.ts";
import { parseComparison } from "./report.ts";

const run = promisify(execFile);
const root = path.join(import.meta.dirname, "../..");
const boot = "playground/boot.cjs";
const WITHIN_MS = patient(240_000);

let folder: string;
let temporary: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "baton-bench-"));
  temporary = path.join(folder, "tmp");
  await mkdir(temporary);
  for (const place of [folder, temporary]) await chmod(place, 0o711);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const env = (): NodeJS.ProcessEnv => ({ ...process.env, TMPDIR: temporary });

/** Command lines of processes that use the test's folder: those of a copy that were left running. */
async function leftRunning(): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.filter((line) => line.includes(folder));
}

/** Bounds of the figures of a quick run on any machine. */
const SANE: Readonly<Record<string, readonly [least: number, most: number]>> = {
  first: [300, 240_000],
  again: [300, 240_000],
  memory: [300, 4_000],
  on: [0.01, 10_000],
  off: [0.01, 10_000],
  cpuOn: [1, 10_000],
  cpuOff: [1, 10_000],
  ingest: [100, 10_000_000],
};

test(
  "a quick comparison of a commit with itself has a pair of each figure, and leaves nothing behind",
  async () => {
    const json = path.join(folder, "out.json");
    const args = [boot, "bench", "compare", "HEAD", "--quick", "--json", json];
    const { stdout, stderr } = await run(process.execPath, args, {
      cwd: root,
      env: env(),
      timeout: WITHIN_MS,
    });
    const comparison = parseComparison(await readFile(json, "utf8"));
    expect(comparison.base).toEqual(comparison.next);
    expect(Object.keys(comparison.figures)).toEqual(figures.map(({ name }) => name));
    const insane = Object.entries(comparison.figures).flatMap(([name, { base, next, verdict }]) => {
      const [least, most] = SANE[name] ?? [0, 0];
      const isSane = [base, next].every(({ median }) => median >= least && median <= most);
      return isSane && verdict === "too few rounds"
        ? []
        : [`${name}: ${base.median}, ${next.median}, ${verdict}`];
    });
    expect(insane).toEqual([]);
    for (const { says } of figures) expect(stdout).toContain(`| ${says} `);
    expect(stderr).toContain("one commit twice: this shows the noise");
    expect(await readdir(temporary)).toEqual([]);
    expect(await leftRunning()).toEqual([]);
  },
  WITHIN_MS,
);

test(
  "a Ctrl-C in the middle of a start leaves no process and no file",
  async () => {
    const child = spawn(process.execPath, [boot, "bench", "compare", "HEAD", "--quick"], {
      cwd: root,
      env: env(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
    const ended = once(child, "close");
    await until(
      async () => (said.includes("first start") && (await leftRunning()).length > 3 ? true : undefined),
      {
        signal: new AbortController().signal,
        withinMs: patient(60_000),
        onLate: () => new Error(`no copy was started:\n${said}`),
      },
    );
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(130);
    expect(await readdir(temporary)).toEqual([]);
    expect(await leftRunning()).toEqual([]);
  },
  WITHIN_MS,
);

test("wrong arguments are refused in one line before anything is started", async () => {
  const refused = (...args: string[]) =>
    run(process.execPath, ["bench/main.ts", ...args], { cwd: root, env: env() }).then(
      () => ({ code: 0, stderr: "" }),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
    );
  expect(await refused("compare", "no-such-commit")).toEqual({
    code: 2,
    stderr:
      'bench: there is no commit "no-such-commit" in this repository: take one of git log --oneline, or bring it with git fetch\n',
  });
  for (const args of [
    ["compare"],
    ["compare", "HEAD", "HEAD", "HEAD"],
    ["compare", "HEAD", "--rounds", "4"],
    ["compare", "HEAD", "--only", "speed"],
    ["compare", "HEAD", "--record"],
    ["start", "--only", "start"],
  ]) {
    const { code, stderr } = await refused(...args);
    expect([code, stderr.split("\n").length], args.join(" ")).toEqual([2, 2]);
  }
  expect(await readdir(temporary)).toEqual([]);
});
