import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { patient } from "../../tests/patience.ts";
import { until } from "../until.ts";
import { olderLog } from "./bound-log.ts";
import { type Child, supervise } from "./supervise.ts";

const LIMIT = 64 * 1024;
let dir = "";
let child: Child | undefined;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "baton-log-"));
});
afterEach(async () => {
  await child?.stop();
  await rm(dir, { recursive: true, force: true });
});

it("a log stays bounded while its child writes to it, and keeps its newest lines in order", async () => {
  const logFile = path.join(dir, "child.log");
  // Each line is 64 bytes; the numbers go on for as long as the test looks.
  const program = `let n = 0; setInterval(() => { for (let i = 0; i < 200; i++) console.log(String(n++).padStart(63)); }, 5);`;
  child = await supervise(
    {
      name: "child",
      command: process.execPath,
      args: ["-e", program],
      env: { PATH: process.env.PATH ?? "" },
      cwd: dir,
      logFile,
      logBound: { limitBytes: LIMIT, everyMs: 10 },
      stopWithinMs: patient(5_000),
    },
    () => {},
  );
  const last = async (): Promise<number> =>
    Number((await readFile(logFile, "utf8")).trimEnd().split("\n").at(-1));
  // By then it has written a hundred times the limit.
  await until(async () => ((await last()) > 100_000 ? true : undefined), {
    signal: new AbortController().signal,
    withinMs: patient(15_000),
    onLate: () => new Error("it stopped writing"),
  });
  await child.stop();
  const texts = [await readFile(olderLog(logFile), "utf8"), await readFile(logFile, "utf8")];
  // A line may be cut where the file was copied or emptied.
  const whole = texts
    .join("")
    .split("\n")
    .filter((line) => line.length === 63);
  const numbers = whole.map(Number);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(new Set(numbers).size).toBe(numbers.length);
  // 6.4 MB were written. A busy machine checks the size late, but not that late.
  expect((await stat(logFile)).size + (await stat(olderLog(logFile))).size).toBeLessThan(3 * 1024 * 1024);
});
