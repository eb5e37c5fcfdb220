/** Runs every benchmark once, as a user types it, and short: it measures all its figures and leaves nothing behind. */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stackPrograms } from "../playground/stack/stack.ts";
import { silent } from "../playground/terminal/report.ts";
import { patient } from "../tests/patience.ts";
import { benches } from "./index.ts";
import { type BenchRecord, parseRecord } from "./kit/record.ts";

const run = promisify(execFile);
const root = path.dirname(import.meta.dirname);
const WITHIN_MS = patient(280_000);

/** Bounds of the figures on any machine; 0 or more when none are given. */
const SANE: Readonly<Record<string, readonly [least: number, most: number]>> = {
  "start.first": [300, 120_000],
  "start.again": [300, 120_000],
  "memory.all": [300, 4_000],
  "memory.lens": [30, 600],
  "memory.runner": [20, 400],
  "complete.most": [0, 30_000],
  "telemetry.ratio": [0.01, 10],
  "profile.services": [1, 10_000],
  "profile.telemetry": [0.1, 10_000],
  "full.lost": [0, 0],
  "ingest.lost": [0, 0],
  "store.disk": [1, 4_096],
  "store.full": [0.01, 100],
  "profile.gc": [-1_000, 1_000],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "baton-bench-"));
  await chmod(folder, 0o711);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const noStack = await stackPrograms({
  root,
  dir: path.join(root, ".baton"),
  env: process.env,
  report: silent,
  signal: new AbortController().signal,
}).then(
  () => undefined,
  (error: Error) => error.message,
);

function insane(record: BenchRecord): string[] {
  return Object.entries(record.figures).flatMap(([name, { median }]) => {
    const [least, most] = SANE[`${record.bench}.${name}`] ?? [0, Number.MAX_VALUE];
    return median >= least && median <= most ? [] : [`${name}: ${median}`];
  });
}

for (const { name, figures } of benches) {
  // reason: a program of the full stack is not on the PATH and cannot be made here.
  test.skipIf(name === "full" && noStack !== undefined)(`${name} measures its figures`, async () => {
    const temporary = path.join(folder, name);
    await run("mkdir", ["-m", "711", temporary]);
    const json = path.join(folder, `${name}.json`);
    const args = ["playground/boot.cjs", "bench", name, "--quick", "--json", json];
    const env = { ...process.env, TMPDIR: temporary };
    const { stdout } = await run(process.execPath, args, { cwd: root, env, timeout: WITHIN_MS });
    const [record] = (JSON.parse(await readFile(json, "utf8")) as object[]).map((one) =>
      parseRecord(JSON.stringify(one)),
    );
    if (!record) throw new Error("nothing was recorded");
    expect(Object.keys(record.figures)).toEqual(figures.map((figure) => figure.name));
    expect(insane(record)).toEqual([]);
    for (const { says } of figures) expect(stdout).toContain(`| ${says} `);
    expect(await readdir(temporary)).toEqual([]);
  });
}

test("a wrong name is refused with the valid ones, and so is recording a quick run", async () => {
  const refused = (...args: string[]) =>
    run(process.execPath, ["bench/main.ts", ...args], { cwd: root }).then(
      () => ({ code: 0, stderr: "" }),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
    );
  const names = benches.map(({ name }) => name).join(", ");
  expect(await refused("speed")).toEqual({
    code: 2,
    stderr: `bench: there is no benchmark "speed"; there are ${names}\n`,
  });
  expect((await refused("start", "--quick", "--record")).code).toBe(2);
  expect((await refused("start", "--rounds", "0")).code).toBe(2);
});
