import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { until } from "../../playground/until.ts";
import { patient } from "../../tests/patience.ts";
import { type CpuTime, cpuMsBelow, cpuTime, family, processes, pssMb } from "./processes.ts";

test("a process belongs to the nearest part at or above it; processes outside the family are left out", () => {
  const all = [
    { pid: 10, parent: 1 },
    { pid: 11, parent: 10 },
    { pid: 12, parent: 11 },
    { pid: 13, parent: 12 },
    { pid: 99, parent: 1 },
  ];
  const names = new Map([
    [10, "runner"],
    [12, "postgres"],
  ]);
  expect(family(all, 10, names)).toEqual([
    { pid: 10, part: "runner" },
    { pid: 11, part: "runner" },
    { pid: 12, part: "postgres" },
    { pid: 13, part: "postgres" },
  ]);
});

test("this process is in the list, and has memory", async () => {
  expect(await processes()).toContainEqual({ pid: process.pid, parent: process.ppid });
  expect(await pssMb(process.pid)).toBeGreaterThan(10);
  expect(await pssMb(2 ** 22 + 1)).toBe(0);
});

test("CPU time grows with work, in the thread that does it", async () => {
  const busy = "const end = Date.now() + 60000; while (Date.now() < end);";
  const program = `new (require("node:worker_threads").Worker)(${JSON.stringify(busy)}, { eval: true, name: "busy" });
    process.stdout.write(".")`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    await once(child.stdout, "data");
    const pid = child.pid ?? 0;
    const before = await cpuTime(pid);
    const ofWorker = ({ threadsMs }: CpuTime): number => threadsMs[1] ?? 0;
    await until(async () => (ofWorker(await cpuTime(pid)) >= ofWorker(before) + 500 ? true : undefined), {
      signal: new AbortController().signal,
      withinMs: patient(10_000),
      onLate: () => new Error("the second thread has not run for 500 ms"),
    });
    const { threadsMs, poolMs } = await cpuTime(pid);
    expect(threadsMs).toHaveLength(2);
    expect(threadsMs[0]).toBeLessThan(400);
    expect(poolMs).toBeLessThan(50);
  } finally {
    child.kill("SIGKILL");
  }
  expect(await cpuTime(2 ** 22 + 1)).toEqual({ threadsMs: [], helpersMs: 0, poolMs: 0 });
});

test("the CPU time of a family includes that of ended members", async () => {
  const burn = "const { cpuUsage } = process; while (cpuUsage().user < 200_000);";
  const script = 'echo ready; read go; "$0" -e "$1"; echo done; read go';
  const child = spawn("sh", ["-c", script, process.execPath, burn], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    await once(child.stdout, "data");
    const pid = child.pid ?? 0;
    const before = await cpuMsBelow(pid);
    child.stdin.write("\n");
    await once(child.stdout, "data");
    expect(await processes()).not.toContainEqual({ pid: expect.any(Number), parent: pid });
    expect((await cpuMsBelow(pid)) - before).toBeGreaterThanOrEqual(200);
    expect(await cpuMsBelow(2 ** 22 + 1)).toBe(0);
  } finally {
    child.kill("SIGKILL");
  }
});
