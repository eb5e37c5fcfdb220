/** `npm start -- --otlp` with a real Collector as the user's backend, which is killed and comes back in the middle. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { collectorProgram, counter, lensOn, see } from "../collector/collector.fixture.ts";
import { freeOffset } from "../tests/offset.ts";
import { patient } from "../tests/patience.ts";
import { freePorts, portsFor } from "./runner/ports.ts";
import { type TemporaryState, temporaryState } from "./temporary.fixture.ts";

const found = await collectorProgram();
const reason = typeof found === "string" ? found : undefined;
const SIGNALS = ["traces", "logs", "metrics"] as const;
const MANY = 10;

/** A Collector that says yes only to what its own backend has taken, so that a kill loses nothing of that. */
const config = (http: number, grpc: number, there: string): string => `
receivers:
  otlp:
    protocols:
      http: { endpoint: 127.0.0.1:${http} }
      grpc: { endpoint: 127.0.0.1:${grpc} }
exporters:
  otlp_http:
    endpoint: ${there}
    sending_queue: { enabled: false }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [otlp_http] }
    logs: { receivers: [otlp], exporters: [otlp_http] }
    metrics: { receivers: [otlp], exporters: [otlp_http] }
`;

async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, "exit");
}

/** All that lens wrote and all that was printed. */
async function logsOf({ dir }: TemporaryState): Promise<string> {
  const folder = path.join(dir, "logs");
  const files = await readdir(folder);
  return (await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")))).join("\n");
}

// reason: no Collector on the PATH, and none can be built without Go.
describe.skipIf(reason !== undefined)("a copy for a real Collector", () => {
  it.each(["http", "grpc"] as const)(
    "by %s: all that lens has arrives there, over a kill",
    async (protocol) => {
      if (typeof found === "string") throw new Error(found);
      const [state, there, free] = await Promise.all([temporaryState(), lensOn(0), freePorts()]);
      const offset = await freeOffset(2_700);
      const ports = portsFor(offset);
      const file = path.join(state.dir, "backend.yaml");
      await writeFile(file, config(free.otlpHttp, free.otlpGrpc, there.otlpHttpUrl));
      const backend = (): ChildProcess => spawn(found.path, [`--config=${file}`], { stdio: "ignore" });
      let collector = backend();
      const port = protocol === "grpc" ? free.otlpGrpc : free.otlpHttp;
      const options = [
        "--otlp",
        `http://127.0.0.1:${port}`,
        "--otlp-protocol",
        protocol,
        "--otlp-header",
        "api-key=hunter2",
      ];
      const { BATON_TEST_SERVERS: _servers, ...env } = process.env;
      const runner = spawn(
        process.execPath,
        [path.join(import.meta.dirname, "boot.cjs"), "start", ...options],
        {
          env: { ...env, BATON_STATE_DIR: state.dir, BATON_PORT_OFFSET: String(offset) },
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      let printed = "";
      for (const stream of [runner.stdout, runner.stderr])
        stream.on("data", (chunk: Buffer) => (printed += chunk));
      const here = `http://127.0.0.1:${ports.lens}/metrics`;
      const checkouts = async (): Promise<void> => {
        for (let i = 0; i < MANY; i++) {
          const answer = await fetch(`http://127.0.0.1:${ports.gateway}/api/v1/checkouts`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: '{"userId":"ann","items":[{"sku":"teapot","quantity":1}],"payment":{"token":"tok_visa"}}',
          });
          expect(answer.status).toBe(201);
        }
      };
      const of = (page: string, name: string) =>
        Promise.all(SIGNALS.map((signal) => counter(page, name, `signal="${signal}"`)));
      try {
        await see(
          "the playground",
          async () => printed.includes("The playground is up") || undefined,
          patient(90_000),
        );
        expect(printed).toContain(
          `a copy of all telemetry goes to http://127.0.0.1:${port} (--otlp); lens keeps its own`,
        );
        await checkouts();
        await see(
          "a first copy",
          async () => (await counter(`${there.url}/metrics`, "lens_stored_total")) > 0 || undefined,
        );
        await killed(collector, "SIGKILL");
        const before = await of(here, "lens_forwarded_total");
        await checkouts();
        await see(
          "what waits for the backend",
          async () => (await counter(here, "lens_forward_queue_bytes")) > 0 || undefined,
        );
        collector = backend();
        await checkouts();
        // The Collector may be killed between taking a request and saying so: it comes again, and a span is stored
        // once, a log record twice.
        const stored = async (page: string) => {
          const [spans = 0, logs = 0] = await of(page, "lens_stored_total");
          return { spans, logs };
        };
        await see(
          "all spans and log records that are here there, too",
          async () => {
            const [ours, theirs] = await Promise.all([stored(here), stored(`${there.url}/metrics`)]);
            const isEmpty = (await counter(here, "lens_forward_queue_bytes")) === 0;
            if (ours.spans !== theirs.spans || ours.logs > theirs.logs || !isEmpty)
              throw new Error(`here ${JSON.stringify(ours)}, there ${JSON.stringify(theirs)}`);
            return true;
          },
          patient(60_000),
        );
        const [received, forwarded] = await Promise.all([
          of(here, "lens_received_total"),
          of(here, "lens_forwarded_total"),
        ]);
        // Read afterwards: metrics never stop, and what has been sent on is there by now.
        const arrived = await of(`${there.url}/metrics`, "lens_received_total");
        process.stderr.write(
          `${protocol}: of traces, logs, metrics lens received ${received}, sent on ${forwarded} (${before} before the kill); there arrived ${arrived}\n`,
        );
        expect(await counter(here, "lens_forward_dropped_total")).toBe(0);
        for (const [i, count] of forwarded.entries()) {
          expect(count).toBeGreaterThan(before[i] ?? 0);
          expect(arrived[i]).toBeGreaterThanOrEqual(count);
        }
        const logs = await logsOf(state);
        expect(logs).toContain("forwarding works again");
        expect(logs + printed).not.toContain("hunter2");
      } finally {
        await killed(runner, "SIGTERM");
        await killed(collector, "SIGKILL");
        await there.stop();
        await state.remove();
      }
    },
  );
});
