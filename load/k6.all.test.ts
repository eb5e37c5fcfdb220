/** The real k6 against a real playground: its requests arrive as whole journeys, and every mistake fails the run. */
import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfig } from "../collector/lens/config.ts";
import { startLens } from "../collector/lens/server.ts";
import { findK6, type K6 } from "../playground/load/k6-program.ts";
import { invocation, type LoadRun } from "../playground/load/k6-run.ts";
import { freePorts } from "../playground/runner/ports.ts";
import { silent } from "../playground/terminal/report.ts";
import { eventually } from "../tests/fixtures.ts";
import { promised } from "../tests/patience.ts";
import { startPlayground, type TestPlayground } from "../tests/playground.ts";
import { charging } from "./hops.ts";
import { MIX } from "./plan.ts";
import { scenarios } from "./scenarios/index.ts";
import { verdictOn } from "./verdict.ts";

const root = path.dirname(import.meta.dirname);

/** k6, or why there is none. An image is not used: it would have to be pulled first, and tests nothing more. */
const k6: K6 | string = await findK6(
  { root, dir: os.tmpdir(), env: process.env, report: silent, signal: new AbortController().signal },
  async () => false,
).catch((error: Error) => error.message);

interface Ended {
  readonly status: number;
  readonly output: string;
}

function ended(child: ChildProcess): Promise<Ended> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  return new Promise((resolve) => child.once("close", (status) => resolve({ status: status ?? -1, output })));
}

describe.skipIf(typeof k6 === "string" /* reason: no k6, and no Go to build it with */)("k6", () => {
  let playground: TestPlayground;
  beforeAll(async () => {
    playground = await startPlayground();
  });
  afterAll(() => playground?.remove());

  /** Runs `load/k6.ts` to its end, from this or from another copy of the project. */
  async function run(more: Partial<LoadRun>, from = root): Promise<Ended> {
    if (typeof k6 === "string") throw new Error(k6);
    const { gateway, lens } = playground.urls;
    const load: LoadRun = {
      ...{ scenario: "checkout", profile: "smoke", fault: "", jaeger: "", collector: "", pagePort: 0 },
      ...{ gateway, lens },
      ...more,
    };
    const { command, args, env } = invocation(k6, load, from, false);
    return ended(
      spawn(command, [...args], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] }),
    );
  }

  test.each(scenarios)(
    "smoke: $name keeps its promises, and each of its traces is a journey",
    async (scenario) => {
      const { status, output } = await run({ scenario: scenario.name });
      expect(output).toContain("every threshold held");
      expect(status, output).toBe(0);
      const passed = [...output.matchAll(/^✓ (\S+) (\d+) (\S+) in \d+ ms {2}trace ([0-9a-f]{32})$/gm)];
      expect(passed).toHaveLength(5);
      for (const [, name, httpStatus, orderStatus = "", traceId = ""] of passed) {
        expect(name).toBe(scenario.name);
        const { journey } = await playground.journey(traceId, scenario.expect.hops);
        expect(journey).toMatchObject({ id: traceId, external: true });
        expect(journey.correlationId).toMatch(new RegExp(`^k6-[0-9a-f]{8}-${name}-\\d+$`));
        const [orderId] = journey.orderIds;
        const order = await fetch(`${playground.urls.gateway}/api/v1/orders/${orderId}`);
        const { status: atTheEnd } = (await order.json()) as { status: string };
        const answer = { httpStatus: Number(httpStatus), orderStatus };
        expect(verdictOn(scenario, { answer, orderStatus: atTheEnd, journey }).findings).toEqual([]);
      }
    },
  );

  test("the mix runs all scenarios at once by their weights, each with its row", async () => {
    const { status, output } = await run({ scenario: "mix" });
    expect(status, output).toBe(0);
    for (const { name } of scenarios) expect(output).toMatch(new RegExp(`^${name} +\\d+ +100 %.*✓$`, "m"));
  });

  test("a broken promise ends with exit status 99 and names a trace that lens shows with its cause", async () => {
    const { status, output } = await run({ fault: "payments.charge:declined" });
    expect(status).toBe(99);
    expect(output).toContain("status: expected 201, found 402");
    expect(output).toMatch(/^checkout +5 +0\.0 %.*✗ +rate>=1$/m);
    const traceId = /^ {4}trace {3}([0-9a-f]{32})$/m.exec(output)?.[1] ?? "";
    expect(output).toContain(`${playground.urls.lens}/api/journeys/${traceId}`);
    const { journey } = await playground.journey(traceId, []);
    expect(journey.cause).toMatchObject({ service: "payments", errorType: "card_declined" });
    expect(output.match(/^✗/gm), "a user prints three of its failures in full").toHaveLength(3);
  });

  test("late answers break only the threshold on time", async () => {
    const { status, output } = await run({ fault: "payments.charge:slow(2000)" });
    expect(status).toBe(99);
    expect(output).toMatch(/^checkout +5 +100 %.*✗ +p\(95\)<1500$/m);
  });

  test("a bank slower than the saga's timeout: 504 within the saga's deadline, PENDING, and no charge", async () => {
    const charges = () => playground.count("payments", "SELECT count(*) FROM charges");
    const before = await charges();
    const beganMs = performance.now();
    const baggage = `fault=${encodeURIComponent("payments.charge:slow(60000)")}`;
    const answer = await playground.checkout({}, { baggage });
    expect(performance.now() - beganMs).toBeLessThan(promised(10_000));
    expect(answer.status).toBe(504);
    const order = await fetch(`${playground.urls.gateway}/api/v1/orders/${answer.orderId}`);
    expect(await order.json()).toMatchObject({ status: "PENDING" });
    const { journey } = await playground.journey(answer.traceId, charging);
    expect(journey.cause).toMatchObject({
      service: "payments",
      name: "charge",
      errorType: "deadline_exceeded",
    });
    expect(await charges()).toBe(before);
  });

  test("its metrics go to the Collector by OTLP, and its own page is served while it runs", async () => {
    // Another lens stands in for the Collector, so that the only metrics it gets are those of k6.
    const receiver = await startLens(
      readConfig({ BATON_PORT: "0", LENS_OTLP_HTTP_PORT: "0", LENS_OTLP_GRPC_PORT: "0" }),
    );
    try {
      const { gateway: pagePort } = await freePorts();
      const running = run({
        scenario: "payment-slow",
        collector: new URL(receiver.otlpGrpcUrl).host,
        pagePort,
      });
      const page = await eventually("k6's page", async () => fetch(`http://127.0.0.1:${pagePort}/ui/`));
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("k6")]);
      const { status, output } = await running;
      expect(status, output).toBe(0);
      const counted = await (await fetch(`${receiver.url}/metrics`)).text();
      expect(counted).toMatch(/^lens_received_total\{signal="metrics"[^}]*\} [1-9]/m);
      expect(counted).not.toMatch(/^lens_refused_total\{signal="metrics"[^}]*\} [1-9]/m);
    } finally {
      await receiver.stop();
    }
  });

  test("an unreachable gateway ends the run at once and is named", async () => {
    const { status, output } = await run({ gateway: "http://127.0.0.1:9" });
    expect(status).toBe(108);
    expect(output).toContain("the gateway at http://127.0.0.1:9 is not ready: ");
    expect(output).not.toContain("every threshold held");
  });

  test("a wrong name is answered with the valid names", async () => {
    const { status, output } = await run({ scenario: "chekout" });
    expect(status).toBe(107);
    const names = [...scenarios.map(({ name }) => name), MIX].join(", ");
    expect(output).toContain(`there is no scenario "chekout"; there are ${names}`);
    expect((await run({ profile: "smok" })).output).toContain("there are smoke, steady, spike, soak");
  });

  test("an error in the script, at start or in an iteration, fails the run and is shown with its line", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "baton-k6-"));
    try {
      await cp(path.join(root, "load"), path.join(folder, "load"), { recursive: true });
      const file = path.join(folder, "load", "k6.ts");
      const text = await readFile(file, "utf8");
      const places = ["let failuresTold = 0;", "  const { request, faults, expect } = scenario;"];
      for (const place of places) {
        expect(text).toContain(`\n${place}\n`);
        await writeFile(file, text.replace(place, `${place} noSuchThing();`));
        const line = text.slice(0, text.indexOf(`\n${place}\n`)).split("\n").length + 1;
        const { status, output } = await run({}, folder);
        expect([107, 108], output).toContain(status);
        expect(output).toContain("noSuchThing is not defined");
        expect(output).toContain(`load/k6.ts:${line}:`);
        expect(output).not.toMatch(/goroutine|\.go:\d+|every threshold held/);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
