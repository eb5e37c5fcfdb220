/** Starts a Collector for a test: collector.yaml on free ports, with a lens and sinks of the test as backends. */
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { serverEnv } from "../playground/provide/server.ts";
import { startChild } from "../playground/runner/child.ts";
import { freePorts, type Ports } from "../playground/runner/ports.ts";
import type { StackProgram } from "../playground/stack/find.ts";
import { stackProgram } from "../playground/stack/program.ts";
import { temporaryState } from "../playground/temporary.fixture.ts";
import { reporterOn, silent } from "../playground/terminal/report.ts";
import { until } from "../playground/until.ts";
import { patient } from "../tests/patience.ts";
import { readConfig } from "./lens/config.ts";
import { type Lens, startLens } from "./lens/server.ts";
import { type Sink, startSink } from "./sink.fixture.ts";

export const root = path.dirname(import.meta.dirname);
const never = new AbortController().signal;

/** The Collector of the catalogue, built if need be; or why there is none. */
export async function collectorProgram(): Promise<StackProgram | string> {
  const report = reporterOn(process.stderr);
  const options = { root, dir: path.join(root, ".baton"), env: process.env, report, signal: never };
  return stackProgram("otelcol", options).catch((error: Error) => error.message);
}

/** A lens on these OTLP ports; 0 takes any. */
export const lensOn = (otlpHttpPort: number, otlpGrpcPort = 0): Promise<Lens> =>
  startLens(
    readConfig({
      BATON_PORT: "0",
      LENS_OTLP_HTTP_PORT: String(otlpHttpPort),
      LENS_OTLP_GRPC_PORT: String(otlpGrpcPort),
    }),
  );

export interface TestCollector {
  readonly otlp: string;
  /** Address of its own metrics. */
  readonly metrics: string;
  /** The port where it looks for lens' OTLP/HTTP. */
  readonly lensPort: number;
  /** The backend in place of Jaeger: a lens, which also takes OTLP/gRPC. */
  readonly jaeger: Lens;
  /** The backend in place of Prometheus. */
  readonly prometheus: Sink;
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** Variables of collector.yaml for free ports. Nothing listens at the addresses of Redis and Postgres. */
const environment = (ports: Ports, jaeger: Lens, prometheus: Sink): Record<string, string> => ({
  BATON_OTLP_GRPC_PORT: String(ports.otlpGrpc),
  BATON_OTLP_HTTP_PORT: String(ports.otlpHttp),
  BATON_COLLECTOR_HEALTH_PORT: String(ports.gateway),
  BATON_COLLECTOR_METRICS_PORT: String(ports.lens),
  BATON_LENS_OTLP_URL: `http://127.0.0.1:${ports.nats}`,
  BATON_JAEGER_OTLP_ENDPOINT: new URL(jaeger.otlpGrpcUrl).host,
  BATON_PROMETHEUS_URL: prometheus.url,
  BATON_REDIS_ENDPOINT: `127.0.0.1:${ports.redis}`,
  BATON_POSTGRES_ENDPOINT: `127.0.0.1:${ports.postgres}`,
});

/** Starts `program` with these files of collector/. `env` wins. Nothing listens at `lensPort` yet. */
export async function startCollector(
  program: StackProgram,
  env: Readonly<Record<string, string>> = {},
  files: readonly string[] = ["collector.yaml"],
): Promise<TestCollector> {
  const [ports, state, jaeger, prometheus] = await Promise.all([
    freePorts(),
    temporaryState(),
    lensOn(0),
    startSink(),
  ]);
  const logFile = path.join(state.dir, "logs", "collector.log");
  await mkdir(path.dirname(logFile));
  const spec = {
    name: "collector",
    command: program.path,
    args: files.map((file) => `--config=${path.join(root, "collector", file)}`),
    env: { ...serverEnv(), ...environment(ports, jaeger, prometheus), ...env },
    cwd: state.dir,
    logFile,
    stopWithinMs: patient(10_000),
  };
  const health = `http://127.0.0.1:${ports.gateway}/`;
  const isReady = async (signal: AbortSignal): Promise<true | undefined> =>
    (await fetch(health, { signal })).status === 200 ? true : undefined;
  const release = async (): Promise<void> => {
    await Promise.all([jaeger.stop(), prometheus.stop()]);
    await state.remove();
  };
  const { child } = await startChild(spec, isReady, {
    report: silent,
    signal: never,
  }).catch(async (error) => {
    await release();
    throw error;
  });
  return {
    otlp: `http://127.0.0.1:${ports.otlpHttp}`,
    metrics: `http://127.0.0.1:${ports.lens}/metrics`,
    lensPort: ports.nats,
    jaeger,
    prometheus,
    log: () => readFile(logFile, "utf8"),
    stop: async () => {
      await child.stop();
      await release();
    },
  };
}

/** Sends OTLP/JSON; resolves to the status of the answer. */
export async function send(
  otlp: string,
  signal: "traces" | "logs" | "metrics",
  body: object,
): Promise<number> {
  const response = await fetch(`${otlp}/v1/${signal}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await response.body?.cancel();
  return response.status;
}

/** The value of a counter on a page of metrics: the sum of its series with `labels`. */
export async function counter(page: string, name: string, labels = ""): Promise<number> {
  const lines = (await (await fetch(page)).text()).split("\n");
  const ours = lines.filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(labels));
  return ours.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

/** Waits until `look` resolves to a value. `what` describes it for the error. */
export const see = <T>(
  what: string,
  look: () => Promise<T | undefined>,
  withinMs = patient(20_000),
): Promise<T> =>
  until(look, { signal: never, withinMs, onLate: (last) => new Error(`not seen: ${what}`, { cause: last }) });

/** All spans that a lens (or Jaeger) has of a trace, by its query API; undefined without any. */
export async function spansOf(query: string, traceId: string): Promise<{ name: string }[] | undefined> {
  const response = await fetch(`${query}/api/v3/traces/${traceId}`);
  if (response.status !== 200) {
    await response.body?.cancel();
    return undefined;
  }
  const { result } = (await response.json()) as {
    result: { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] };
  };
  return result.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}
