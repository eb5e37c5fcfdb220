import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patient, promised } from "../tests/patience.ts";
import { EXIT } from "./exit.ts";
import { isFree, portsFor } from "./runner/ports.ts";
import { processStart, type Run, runningIn } from "./runner/state.ts";
import { MEANINGS } from "./status/meanings.ts";
import { type TemporaryState, temporaryState } from "./temporary.fixture.ts";
import { shapeOf } from "./trace/shape.fixture.ts";
import { until } from "./until.ts";

const boot = path.join(import.meta.dirname, "boot.cjs");
const never = new AbortController().signal;

/** An offset at which every port of a playground is free. */
async function freeOffset(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    // Below the ports of other tests: one of them could take a port while nothing runs here.
    const offset = 100 + Math.floor(Math.random() * 3_400);
    const free = await Promise.all(Object.values(portsFor(offset)).map(isFree));
    if (free.every((one) => one)) return offset;
  }
  throw new Error("no free offset found");
}

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Asks the gateway of this run for an order. */
function orderAt(run: Run, orderId: string): Promise<Response> {
  const port = run.parts.find(({ name }) => name === "gateway")?.port;
  return fetch(`http://127.0.0.1:${port}/api/v1/orders/${orderId}`);
}

/** Runs the commands as a user types them, on one playground, in the order of a session. */
describe("the command line", () => {
  let state: TemporaryState;
  let env: NodeJS.ProcessEnv = {};
  let runner: ChildProcess;
  let printed = "";
  let run: Run;

  const launch = (args: readonly string[], more: NodeJS.ProcessEnv = {}): ChildProcess =>
    spawn(process.execPath, [boot, ...args], { env: { ...env, ...more }, stdio: ["ignore", "pipe", "pipe"] });

  /** Runs a command to its end. */
  async function type(args: readonly string[], more?: NodeJS.ProcessEnv): Promise<Ended> {
    const child = launch(args, more);
    if (!child.stdout || !child.stderr) throw new Error("no output");
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { status: child.exitCode, out, err };
  }

  /** Starts a playground and waits until it says that it is up. */
  async function start(): Promise<void> {
    printed = "";
    runner = launch(["start"]);
    const ended = new AbortController();
    runner.once("exit", () => ended.abort(new Error(`it ended:\n${printed}`)));
    for (const stream of [runner.stdout, runner.stderr]) {
      stream?.on("data", (chunk) => {
        printed += chunk;
      });
    }
    await until(async () => (printed.includes("The playground is up") ? true : undefined), {
      signal: ended.signal,
      withinMs: patient(90_000),
      onLate: () => new Error(`not up:\n${printed}`),
    });
    const here = await runningIn(state.dir);
    if (!here) throw new Error("no run.json");
    run = here;
  }

  /** Waits until every process of the playground is gone; fails after the promised 5 s. */
  async function seeAllGone(): Promise<void> {
    for (const { name, pid } of [...run.parts, { name: "runner", pid: run.pid }]) {
      await until(async () => (pid === null || (await processStart(pid)) === null ? true : undefined), {
        signal: never,
        withinMs: promised(5_000),
        onLate: () => new Error(`${name} (process ${pid}) is still there`),
      });
    }
  }

  beforeAll(async () => {
    state = await temporaryState();
    env = {
      ...process.env,
      BATON_STATE_DIR: state.dir,
      BATON_PORT_OFFSET: String(await freeOffset()),
      NO_COLOR: "1",
    };
    await start();
  });
  afterAll(async () => {
    runner.kill("SIGTERM");
    if (runner.exitCode === null && runner.signalCode === null) await once(runner, "exit");
    await state.remove();
  });

  it("starts everything and shows a good and a declined checkout, both complete", () => {
    expect(printed.match(/complete after/g)).toHaveLength(2);
    expect(printed).toContain("card_declined");
  });

  it("prints the tree in the README for the command in the README", async () => {
    const readme = await readFile(path.join(import.meta.dirname, "..", "README.md"), "utf8");
    const tree = /```text\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
    expect(readme).toContain("npm run checkout -- --fault payments.charge:declined --brief");
    const { status, out } = await type(["checkout", "--fault", "payments.charge:declined", "--brief"]);
    expect(status).toBe(EXIT.ok);
    const [, shown = ""] = /Its journey\n\n([\s\S]*?)\n\n/.exec(out) ?? [];
    expect(shapeOf(shown), shown).toEqual(shapeOf(tree));
    expect(tree.trim().split("\n").length).toBeLessThanOrEqual(15);
    expect(tree).toContain("◀ cause");
  });

  it("says what runs", async () => {
    const { status, out } = await type(["status"]);
    expect(status).toBe(0);
    for (const { name, ready } of run.parts)
      expect(out).toMatch(new RegExp(`^${name} .*${ready ? "ready" : "runs"}`, "m"));
    for (const { metric, means } of Object.values(MEANINGS))
      expect(out).toMatch(new RegExp(`^.* \\d+ \\w+ +${RegExp.escape(`${metric}: ${means}`)}$`, "m"));
  });

  it("reports memory, rates and readiness as JSON", async () => {
    const { status, out } = await type(["status", "--json"]);
    expect(status).toBe(EXIT.ok);
    const report = JSON.parse(out);
    expect(report).toMatchObject({ running: true, ready: true, pid: run.pid });
    // There is no traffic, but every figure is known.
    for (const [name, figure] of Object.entries(report.figures))
      expect(figure, name).toBeGreaterThanOrEqual(0);
    expect(report.meanings).toEqual(MEANINGS);
    const parts = report.parts.reduce(
      (sum: number, part: { memoryBytes: number }) => sum + part.memoryBytes,
      0,
    );
    expect(parts).toBeGreaterThan(100e6);
    expect(report.memoryBytes).toBeGreaterThan(parts);
  });

  it("names a part that is not ready, with its own exit status", async () => {
    const pid = run.parts.find(({ name }) => name === "inventory")?.pid;
    if (!pid) throw new Error("inventory does not run");
    process.kill(pid, "SIGSTOP");
    const { status, out } = await type(["status"]).finally(() => process.kill(pid, "SIGCONT"));
    expect(status).toBe(EXIT.notReady);
    expect(out).toMatch(/^inventory .* not ready/m);
    expect(out).toContain("not all of it is ready");
  });

  it("restarts a killed part, and says where its log is", async () => {
    const pid = run.parts.find(({ name }) => name === "analytics")?.pid;
    if (!pid) throw new Error("analytics does not run");
    process.kill(pid, "SIGKILL");
    await until(async () => (/analytics runs again as process \d+/.test(printed) ? true : undefined), {
      signal: never,
      withinMs: patient(20_000),
      onLate: () => new Error(`not started again:\n${printed}`),
    });
    expect(printed).toMatch(
      /analytics ended \(signal 9\); starting it again in 250 ms; its log: .*analytics\.log/,
    );
    await until(async () => ((await type(["status"])).status === EXIT.ok ? true : undefined), {
      signal: never,
      withinMs: patient(20_000),
      onLate: () => new Error("it did not get ready again"),
    });
  });

  it("refuses a second start in the same folder", async () => {
    const { status, err } = await type(["start"]);
    expect(status).toBe(1);
    expect(err).toContain(`a playground is running here already: process ${run.pid}`);
  });

  it("names the process that holds a port which another playground wants", async () => {
    const other = await temporaryState();
    const { status, err } = await type(["start"], { BATON_STATE_DIR: other.dir }).finally(other.remove);
    expect(status).toBe(1);
    const gateway = run.parts.find(({ name }) => name === "gateway");
    expect(err).toContain(`port ${gateway?.port} (gateway) is held by process ${gateway?.pid}`);
  });

  it("sends a declined checkout, shows its journey again by any of its ids, and reads its logs", async () => {
    const sent = await type(["checkout", "--fault", "payments.charge:declined"]);
    expect(sent).toMatchObject({ status: 0, out: expect.stringContaining("402") });
    const id = (name: string): string => new RegExp(`^${name} +(\\S+)$`, "m").exec(sent.out)?.[1] ?? "";
    for (const wanted of [id("order"), id("correlation id"), id("trace id"), "last"]) {
      const shown = await type(["trace", wanted, "--json"]);
      expect(JSON.parse(shown.out)).toMatchObject({ journey: { id: id("trace id") } });
    }
    const logs = await type(["logs", id("correlation id")]);
    for (const service of ["gateway", "orders", "payments"]) expect(logs.out).toContain(service);
  });

  it("reports an unknown journey", async () => {
    expect(await type(["trace", "no-such-id"])).toMatchObject({
      status: 1,
      err: expect.stringContaining('lens knows no trace, correlation or order id "no-such-id"'),
    });
  });

  it("leaves no process 5 s after a SIGKILL of the runner, and starts again in the same folder, empty", async () => {
    const sent = await type(["checkout"]);
    const order = /^order +(\S+)$/m.exec(sent.out)?.[1] ?? "";
    expect((await orderAt(run, order)).status).toBe(200);
    process.kill(run.pid, "SIGKILL");
    await seeAllGone();
    expect(await type(["status"])).toMatchObject({
      status: 1,
      out: expect.stringContaining("no playground is running here"),
    });
    expect(await type(["trace", "last"])).toMatchObject({
      status: 1,
      err: expect.stringContaining("npm start"),
    });
    await start();
    expect((await orderAt(run, order)).status, "without --keep").toBe(404);
    expect(await type(["trace", order])).toMatchObject({
      status: 1,
      err: expect.stringContaining("lens knows no"),
    });
  });

  it("stops the playground from another terminal, and succeeds when none runs", async () => {
    expect(await type(["down"])).toMatchObject({ status: 0, out: "stopped; nothing is left running\n" });
    await seeAllGone();
    expect(await type(["down"])).toMatchObject({ status: 0, out: "no playground is running here\n" });
  });
});
