import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { portsFor } from "./ports.ts";
import { claim, processStart, runningIn, stateDir } from "./state.ts";

const ports = portsFor(0);
const urls = { gateway: "http://127.0.0.1:8080", lens: "http://127.0.0.1:4000" };

describe("the state of a folder", () => {
  let dir = "";
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), "baton-state-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** Writes the run.json that a killed runner leaves behind. */
  async function leftBehind(pid: number, started: string): Promise<void> {
    await writeFile(
      path.join(dir, "run.json"),
      JSON.stringify({ pid, started, since: "then", ports, urls, parts: [] }),
    );
  }

  it("names the runner, its addresses and its parts", async () => {
    const mine = await claim(dir, ports, "http://127.0.0.1:1/metrics");
    const parts = [{ name: "lens", pid: 1, port: 4000, ready: "http://127.0.0.1:4000/healthz", exits: 0 }];
    await mine.update(urls, parts);
    expect(await runningIn(dir)).toMatchObject({ pid: process.pid, ports: { gateway: 8080 }, urls, parts });
  });

  it("is free and empty again once the claim is released", async () => {
    await (await claim(dir, ports, "http://127.0.0.1:1/metrics")).release();
    expect(await runningIn(dir)).toBeNull();
    expect(await readdir(dir)).toEqual([]);
  });

  it("refuses a second playground, and names the process and the addresses of the first", async () => {
    await (await claim(dir, ports, "http://127.0.0.1:1/metrics")).update(urls, []);
    const second = claim(dir, ports, "http://127.0.0.1:1/metrics");
    await expect(second).rejects.toMatchObject({ code: "already_running" });
    await expect(second).rejects.toThrow(new RegExp(`process ${process.pid}[^]*${urls.gateway}`));
  });

  it("gives the folder to exactly one of many simultaneous claims", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => claim(dir, ports, "http://127.0.0.1:1/metrics")),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("treats the file of a killed runner as stale, and lets the next runner claim the folder", async () => {
    const child = spawn("/bin/sh", ["-c", "exit 0"]);
    await once(child, "exit");
    await leftBehind(child.pid ?? 0, "whenever");
    expect(await runningIn(dir)).toBeNull();
    await claim(dir, ports, "http://127.0.0.1:1/metrics");
    expect(await runningIn(dir)).toMatchObject({ pid: process.pid });
  });

  it("does not mistake another process with the same id for the runner", async () => {
    await leftBehind(process.pid, "an earlier start");
    expect(await runningIn(dir)).toBeNull();
  });

  it("survives a file that was cut off in the middle", async () => {
    await writeFile(path.join(dir, "run.json"), '{"pid": 1');
    expect(await runningIn(dir)).toBeNull();
    await expect(claim(dir, ports, "http://127.0.0.1:1/metrics")).resolves.toBeDefined();
  });
});

describe("a process' start", () => {
  it("is the same each time, and null for a process that is gone", async () => {
    expect(await processStart(process.pid)).toBe(await processStart(process.pid));
    const child = spawn("/bin/sh", ["-c", "exit 0"]);
    await once(child, "exit");
    expect(await processStart(child.pid ?? 0)).toBeNull();
  });
});

describe("the state folder", () => {
  it("is .baton in the project unless BATON_STATE_DIR says otherwise", () => {
    expect(stateDir("/project", {})).toBe("/project/.baton");
    expect(stateDir("/project", { BATON_STATE_DIR: "/elsewhere" })).toBe("/elsewhere");
  });
});
