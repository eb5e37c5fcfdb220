import { appendFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { patient } from "../../tests/patience.ts";
import { cpuOf, usedFromPs } from "../movement.ts";
import { type TemporaryState, temporaryState } from "../temporary.fixture.ts";
import { silent } from "../terminal/report.ts";
import type { Bounds } from "../while-moving.ts";
import { startChild } from "./child.ts";
import { processStart } from "./state.ts";
import type { Child } from "./supervise.ts";

let state: TemporaryState;
let children: Child[] = [];
let pids: number[] = [];
beforeEach(async () => {
  state = await temporaryState();
  await mkdir(path.join(state.dir, "logs"));
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.stop()));
  children = [];
  pids = [];
  await state.remove();
});

const logFile = () => path.join(state.dir, "logs", "one.log");

/** Runs `script` in a Node; `probe` says when it is ready. */
async function start(
  script: string,
  probe: () => Promise<true | undefined>,
  bounds: Bounds,
  isHeld = () => false,
) {
  const spec = {
    name: "one",
    command: process.execPath,
    args: ["-e", script],
    env: {},
    cwd: state.dir,
    logFile: logFile(),
    stopWithinMs: patient(5_000),
  };
  const { child } = await startChild(spec, probe, {
    report: silent,
    signal: new AbortController().signal,
    bounds,
    isHeld,
    onEvent: (event) => {
      if (event.kind === "started") pids.push(event.pid);
    },
  });
  children.push(child);
  return child;
}

const IDLE = "setInterval(() => {}, 1e6)";
const BUSY = "for (;;);";
/** Five questions without movement end the wait. */
const IMPATIENT = { stillMs: 1_000, mostMs: 600_000, askEveryMs: 200 };

describe("a child that is started", () => {
  it("and does nothing fails with its last answer and the end of its log, and is ended", async () => {
    const script = `console.log("waiting for a disk"); ${IDLE}`;
    const probe = async (): Promise<never> => {
      throw new Error("it answers 503: no disk");
    };
    const failing = start(script, probe, IMPATIENT);
    await expect(failing).rejects.toMatchObject({ code: "not_ready" });
    await expect(failing).rejects.toThrow(
      /^one was not ready and nothing has moved for 1 s \(it answers 503: no disk\).*\n {2}waiting for a disk$/,
    );
    expect(await processStart(pids[0] ?? 0)).toBeNull();
  });

  it("is waited for as long as its log grows", async () => {
    let looks = 0;
    // A line between any two questions, for many times the bound.
    const probe = async (): Promise<true | undefined> => {
      await appendFile(logFile(), `line ${++looks}\n`);
      return looks > 60 || undefined;
    };
    await start(IDLE, probe, IMPATIENT);
    expect(looks).toBeGreaterThan(60);
  });

  it("is waited for as long as it works", async () => {
    const pid = (): number => pids[0] ?? 0;
    const probe = async (): Promise<true | undefined> => ((await cpuOf(pid())) > 2_000 ? true : undefined);
    await start(BUSY, probe, IMPATIENT);
    expect(await cpuOf(pid())).toBeGreaterThan(2_000);
  });

  it("is neither probed nor timed out while it is held", async () => {
    let held = 0;
    let asked = 0;
    const probe = async (): Promise<true> => {
      asked++;
      return true;
    };
    const isHeld = (): boolean => ++held < 40;
    await start(IDLE, probe, IMPATIENT, isHeld);
    expect(asked).toBe(1);
  });
});

describe("the CPU time of a process", () => {
  it("includes that of its children, also of ended ones", async () => {
    const burn = "const end = process.cpuUsage().user + 3e5; while (process.cpuUsage().user < end);";
    const script = `require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(burn)}]);`;
    let done = false;
    const probe = async (): Promise<true | undefined> => {
      done = (await cpuOf(pids[0] ?? 0)) > 300;
      return done || undefined;
    };
    await start(`${script} ${IDLE}`, probe, IMPATIENT);
    expect(done).toBe(true);
  });

  it("is 0 when the process does not exist", async () => {
    expect(await cpuOf(2 ** 30)).toBe(0);
  });

  it("is read from the output of ps, on macOS and on Linux", () => {
    const text = "    1   501   0:01.50\n  501   502 01:02:03\n  501   503 2-00:00:10\n";
    expect(usedFromPs(text)).toEqual([
      { parent: 1, pid: 501, cpuMs: 1_500 },
      { parent: 501, pid: 502, cpuMs: 3_723_000 },
      { parent: 501, pid: 503, cpuMs: 172_810_000 },
    ]);
  });
});
