import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { patient, promised } from "../../tests/patience.ts";
import { until } from "../until.ts";
import { tailOf } from "./child.ts";
import { processStart } from "./state.ts";
import { backoffMs, type Child, type ChildEvent, type ChildSpec, supervise } from "./supervise.ts";

const STAY = "setInterval(() => {}, 1000)";
const isGone = async (pid: number): Promise<true | undefined> =>
  (await processStart(pid)) === null ? true : undefined;

/** Waits until `look` is true. */
const see = (what: string, look: () => boolean | Promise<boolean>): Promise<true> =>
  until(async () => ((await look()) ? true : undefined), {
    signal: new AbortController().signal,
    withinMs: patient(10_000),
    onLate: () => new Error(`not seen: ${what}`),
  });

describe("a supervised child", () => {
  let dir = "";
  const children: Child[] = [];
  const events: ChildEvent[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), "baton-supervise-"));
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.stop()));
    events.splice(0);
    await rm(dir, { recursive: true, force: true });
  });

  async function run(program: string, change: Partial<ChildSpec> = {}): Promise<Child> {
    const spec: ChildSpec = {
      name: "child",
      command: process.execPath,
      args: ["-e", program],
      env: { PATH: process.env.PATH ?? "" },
      cwd: dir,
      logFile: path.join(dir, "child.log"),
      stopWithinMs: patient(5_000),
      ...change,
    };
    const child = await supervise(spec, (event) => events.push(event));
    children.push(child);
    return child;
  }

  const pidOf = (child: Child): number => child.pid() ?? Number.NaN;

  it("runs with the given environment and nothing else, its output in its log", async () => {
    await run(`console.log(JSON.stringify(Object.keys(process.env))); ${STAY}`, {
      env: { PATH: "/usr/bin:/bin", ONLY: "this" },
    });
    await see("the output", async () => (await tailOf(path.join(dir, "child.log"))).includes("ONLY"));
    const names = JSON.parse(await readFile(path.join(dir, "child.log"), "utf8")) as string[];
    // PWD and the like are a shell's own.
    expect(names.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name))).toEqual(["PATH", "ONLY"]);
  });

  it("ends when it is asked to, and is not restarted", async () => {
    const child = await run(`process.on("SIGTERM", () => process.exit(0)); ${STAY}`);
    const pid = pidOf(child);
    await child.stop();
    expect(await isGone(pid)).toBe(true);
    expect(events.map(({ kind }) => kind)).toEqual(["started"]);
  });

  it("is killed when it does not end in time", async () => {
    const child = await run(`process.on("SIGTERM", () => {}); console.log("deaf"); ${STAY}`, {
      stopWithinMs: 100,
    });
    await see("its first line", async () => (await tailOf(path.join(dir, "child.log"))).includes("deaf"));
    const pid = pidOf(child);
    await child.stop();
    expect(await isGone(pid)).toBe(true);
  });

  it("is woken, so that it ends cleanly, when it is asked to end while it is paused", async () => {
    const child = await run(
      `process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); console.log("up"); ${STAY}`,
    );
    const log = path.join(dir, "child.log");
    await see("its first line", async () => (await readFile(log, "utf8")) === "up\n");
    child.signal("SIGSTOP");
    await child.stop();
    expect(await readFile(log, "utf8")).toBe("up\nbye\n");
  });

  it("is restarted when it exits without being asked to, and both events are reported", async () => {
    const child = await run(STAY);
    const first = pidOf(child);
    child.signal("SIGKILL");
    await see("the restart", () => child.pid() !== null && child.pid() !== first);
    expect(child.exits()).toBe(1);
    expect(events).toMatchObject([
      { kind: "started", pid: first },
      { kind: "exited", status: "signal 9", restartInMs: 250 },
      { kind: "started", pid: child.pid() },
    ]);
  });

  it("waits longer before each restart, 5 s at most", () => {
    expect([1, 2, 3, 4, 5, 6, 60].map(backoffMs)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it("can be stopped while it waits for its restart", async () => {
    const child = await run("process.exit(3)");
    await see("the exit", () => child.exits() > 0);
    await child.stop();
    expect(child.pid()).toBeNull();
    expect(events.find(({ kind }) => kind === "exited")).toMatchObject({ status: "exit status 3" });
  });
});

describe("the children of a runner that is killed by SIGKILL", () => {
  let dir = "";
  let runner: ChildProcess;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), "baton-runner-"));
    runner = spawn(process.execPath, [path.join(import.meta.dirname, "runner.fixture.ts"), dir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  });
  afterEach(async () => {
    runner.kill("SIGKILL");
    await rm(dir, { recursive: true, force: true });
  });

  it("are gone within 5 s: the obedient, the one that ignores SIGTERM, and the paused one, which ends cleanly", async () => {
    if (!runner.stdout) throw new Error("no output");
    const [line] = await once(createInterface({ input: runner.stdout }), "line");
    const pids = JSON.parse(String(line)) as number[];
    expect(pids).toHaveLength(3);
    for (const pid of pids) expect(await isGone(pid)).toBeUndefined();
    runner.kill("SIGKILL");
    for (const pid of pids) {
      // 5 s are the product's promise, which is tested here.
      const late = (): Error => new Error(`process ${pid} is still there after 5 s`);
      await until(() => isGone(pid), {
        signal: new AbortController().signal,
        withinMs: promised(5_000),
        onLate: late,
      });
    }
    expect(await readFile(path.join(dir, "stubborn.log"), "utf8")).toBe("up\nno\n");
    expect(await readFile(path.join(dir, "paused.log"), "utf8")).toBe("up\nbye\n");
  });
});
