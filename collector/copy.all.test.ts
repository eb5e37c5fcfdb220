/**
 * The copy of all telemetry as compose makes it: the variables and the configuration that Compose itself makes of
 * compose.yaml, run by a real Collector, for a real receiver of OTLP that dies and comes back.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { copyCountsIn } from "../playground/copy-counts.ts";
import { freePorts } from "../playground/runner/ports.ts";
import type { StackProgram } from "../playground/stack/find.ts";
import { provideCompose } from "../tests/engine/compose-program.ts";
import { output } from "../tests/engine/run.ts";
import {
  collectorProgram,
  counter,
  lensOn,
  root,
  see,
  send,
  startCollector,
  type TestCollector,
} from "./collector.fixture.ts";
import { listen, urlOf } from "./lens/listen.ts";

const found = await collectorProgram();
const compose = await provideCompose().catch(() => null);
const reason =
  typeof found === "string"
    ? found
    : compose === null
      ? "there is no Compose, and no Go to build it"
      : undefined;
if (reason) process.stderr.write(`the tests of compose's copy are skipped: ${reason}\n`);
const program = found as StackProgram;

const SIGNALS = ["traces", "logs", "metrics"] as const;
const FOLDER = "/etc/baton/";

/** What compose makes of the user's variables: the Collector's files, and its variables that concern the copy. */
async function asComposed(
  user: Readonly<Record<string, string>>,
  overlays: readonly string[] = [],
): Promise<{ files: string[]; env: Record<string, string> }> {
  const [command, ...args] = compose ?? ["docker"];
  const files = ["compose.yaml", ...overlays].flatMap((file) => ["-f", file]);
  const said = await output(command, [...args, ...files, "config", "--format", "json", "collector"], {
    cwd: root,
    env: { ...process.env, ...user },
  });
  const { services } = JSON.parse(said) as {
    services: { collector: { command: string[]; environment: Record<string, string | null> } };
  };
  const { command: words, environment } = services.collector;
  const configs = words.map((word) => word.replace(/^--config=/, ""));
  expect(configs.every((file) => file.startsWith(FOLDER))).toBe(true);
  const ours = Object.entries(environment).filter(([name]) => name.startsWith("BATON_COPY_"));
  return {
    files: configs.map((file) => file.slice(FOLDER.length)),
    // Compose doubles a dollar, because its answer is a compose file again.
    env: Object.fromEntries(
      ours.flatMap(([name, value]) => (value ? [[name, value.replaceAll("$$", "$")]] : [])),
    ),
  };
}

const id = (bytes: number): string => randomBytes(bytes).toString("hex");
const nanos = (): string => String(BigInt(Date.now()) * 1_000_000n);
const resource = { attributes: [{ key: "service.name", value: { stringValue: "sender" } }] };
const scope = { name: "test" };

/** One request of each signal with so many items. */
async function sendAll({ otlp }: TestCollector, count: number): Promise<void> {
  const each = <T>(make: () => T): T[] => Array.from({ length: count }, make);
  const spans = each(() => ({
    traceId: id(16),
    spanId: id(8),
    name: "work",
    kind: 2,
    startTimeUnixNano: nanos(),
    endTimeUnixNano: nanos(),
  }));
  const logRecords = each(() => ({ timeUnixNano: nanos(), body: { stringValue: id(4) } }));
  const dataPoints = each(() => ({
    asInt: "1",
    timeUnixNano: nanos(),
    attributes: [{ key: "n", value: { stringValue: id(4) } }],
  }));
  const metrics = [{ name: "charges", gauge: { dataPoints } }];
  const bodies = {
    traces: { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] },
    logs: { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] },
    metrics: { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] },
  };
  for (const signal of SIGNALS) expect(await send(otlp, signal, bodies[signal])).toBe(200);
}

const received = (page: string): Promise<number[]> =>
  Promise.all(
    SIGNALS.map((signal) => counter(`${page}/metrics`, "lens_received_total", `signal="${signal}"`)),
  );

/** A backend that takes no span, leaves out two log records of each request, and takes all metrics. */
async function strictBackend(): Promise<{ url: string; keys: Set<string>; stop(): Promise<void> }> {
  const keys = new Set<string>();
  const server = createServer(async (request, response) => {
    keys.add(String(request.headers["api-key"]));
    await buffer(request);
    if (request.url === "/v1/traces") response.writeHead(400).end();
    else if (request.url === "/v1/logs") {
      // ExportLogsServiceResponse { partial_success { rejected_log_records: 2 } }.
      response.writeHead(200, { "content-type": "application/x-protobuf" });
      response.end(Buffer.from([0x0a, 2, 0x08, 2]));
    } else response.end();
  });
  const listening = await listen(server, "127.0.0.1", 0, "the backend");
  return { url: urlOf(listening), keys, stop: () => listening.stop(100) };
}

// reason: no Collector or no Compose, and none can be built without Go.
describe.skipIf(reason !== undefined)("the copy that compose makes", () => {
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of running.splice(0).toReversed()) await one.stop();
  });
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    running.push(one);
    return one;
  };

  it.each(["http", "grpc"] as const)(
    "by %s: two variables turn it on, all of every signal arrives there and at lens, over a kill of the backend",
    async (protocol) => {
      const ports = await freePorts();
      const url = `http://127.0.0.1:${protocol === "grpc" ? ports.otlpGrpc : ports.otlpHttp}`;
      const { files, env } = await asComposed({ BATON_COPY_URL: url, BATON_COPY_PROTOCOL: protocol });
      expect(files).toEqual(["collector.yaml", "loki.yaml", `copy-${protocol}.yaml`]);
      const loki = { BATON_LOKI_URL: `http://127.0.0.1:${ports.gateway}` };
      const collector = keep(await startCollector(program, { ...env, ...loki }, files));
      const lens = keep(await lensOn(collector.lensPort));
      const backend = await lensOn(ports.otlpHttp, ports.otlpGrpc);
      await sendAll(collector, 100);
      await see(
        "100 of each signal at the backend",
        async () => (await received(backend.url)).every((count) => count === 100) || undefined,
      );
      await backend.stop();
      await sendAll(collector, 50);
      await see("lens to have traces and logs, without a wait for the backend", async () => {
        const [traces, logs] = await received(lens.url);
        return (traces === 150 && logs === 150) || undefined;
      });
      await see(
        "the copy to wait",
        async () => ((await copyOf(collector))?.waitingBytes ?? 0) > 0 || undefined,
      );
      const again = keep(await lensOn(ports.otlpHttp, ports.otlpGrpc));
      await see(
        "the other 50 of each signal at the backend",
        async () => (await received(again.url)).every((count) => count === 50) || undefined,
      );
      await see(
        "all of it to be counted as sent",
        async () => (await copyOf(collector))?.sent === 450 || undefined,
      );
      expect((await copyOf(collector))?.lost).toEqual({});
    },
  );

  it("what the backend refuses is counted, and reaches lens; the key reaches the backend and no log", async () => {
    const backend = keep(await strictBackend());
    const { files, env } = await asComposed({
      BATON_COPY_URL: backend.url,
      BATON_COPY_HEADERS: '{"api-key": "hunter2"}',
    });
    const collector = keep(await startCollector(program, env, files));
    const lens = keep(await lensOn(collector.lensPort));
    await sendAll(collector, 40);
    await see(
      "the refused spans to be counted",
      async () => (await copyOf(collector))?.lost["refused or given up"] === 40 || undefined,
    );
    await see("lens to have them all", async () => {
      const [traces, logs] = await received(lens.url);
      return (traces === 40 && logs === 40) || undefined;
    });
    await see(
      "the Collector to say what was left out of a request",
      async () => /"dropped_log_records": ?2/.test(await collector.log()) || undefined,
    );
    expect([...backend.keys]).toEqual(["hunter2"]);
    expect(await collector.log()).not.toContain("hunter2");
  });

  it("is made by the first tier of the scaled form", async () => {
    const overlay = [path.join("collector", "scaled", "compose.yaml")];
    const { files } = await asComposed({ BATON_COPY_URL: "http://127.0.0.1:1" }, overlay);
    expect(files).toEqual(["scaled/tier-one.yaml", "scaled/servers.yaml", "loki.yaml", "copy-http.yaml"]);
    const plain = await asComposed({}, overlay);
    expect(plain.files).not.toContain("copy-http.yaml");
    const configs = files.map((file) => `--config=${path.join(root, "collector", file)}`);
    await output(program.path, ["validate", ...configs], {
      cwd: root,
      env: { HOSTNAME: "here", BATON_COPY_URL: "http://127.0.0.1:1" },
    });
  });
});

/** The Collector's own count of the copy. */
async function copyOf({ metrics }: TestCollector): Promise<ReturnType<typeof copyCountsIn>> {
  return copyCountsIn(await (await fetch(metrics)).text());
}
