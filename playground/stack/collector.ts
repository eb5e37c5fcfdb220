/** The Collector as a local program: collector/collector.yaml with the addresses of this playground. */
import path from "node:path";
import type { Copy } from "../copy.ts";
import { Problem } from "../problem.ts";
import { serverEnv } from "../provide/server.ts";
import type { Ports } from "../runner/ports.ts";
import type { StackPart } from "./part.ts";
import type { StackPorts } from "./ports.ts";

/** The user's settings of the Collector; collector.yaml says what each does. */
const OURS = [
  "BATON_TAIL_SAMPLING",
  "BATON_TAIL_SAMPLING_PERCENT",
  "BATON_TAIL_SAMPLING_WAIT",
  "BATON_COLLECTOR_MEMORY_MIB",
  "BATON_COLLECTOR_QUEUE_BYTES",
  "BATON_COLLECTOR_LOG_LEVEL",
  "BATON_OTLP_ORIGINS",
];

const wholeNumber = /^[1-9]\d*$/;
/** Allowed values. The Collector checks them, too, but only once the rest is up. */
const forms: Readonly<Record<string, readonly [RegExp, string]>> = {
  BATON_TAIL_SAMPLING: [/^(true|false)$/, "true or false"],
  BATON_TAIL_SAMPLING_PERCENT: [/^(100|\d{1,2})(\.\d+)?$/, "a number from 0 to 100"],
  BATON_TAIL_SAMPLING_WAIT: [/^\d+(ms|s|m)$/, "a duration such as 10s"],
  BATON_COLLECTOR_MEMORY_MIB: [wholeNumber, "a whole number"],
  BATON_COLLECTOR_QUEUE_BYTES: [wholeNumber, "a whole number"],
  BATON_COLLECTOR_LOG_LEVEL: [/^(debug|info|warn|error)$/, "debug, info, warn or error"],
  BATON_OTLP_ORIGINS: [/^\["[^"]+"(, ?"[^"]+")*\]$/, 'a list such as ["https://app.example"]'],
};

export interface CollectorInput {
  readonly root: string;
  readonly dir: string;
  readonly ports: Pick<Ports, "otlpGrpc" | "otlpHttp">;
  readonly stack: StackPorts;
  /** With passwords. */
  readonly redisUrl: string;
  readonly postgresUrl: string;
  readonly user: NodeJS.ProcessEnv;
  /** The backend that gets a copy of all telemetry; none when null. */
  readonly copy: Copy | null;
}

/** The user's settings of the Collector. Throws a Problem `usage` that names every variable with a wrong value. */
export function collectorSettings(user: NodeJS.ProcessEnv): Record<string, string> {
  const said = OURS.flatMap((name): [string, string][] => (user[name] ? [[name, user[name]]] : []));
  const wrong = said.flatMap(([name, value]) => {
    const [form, words] = forms[name] ?? [/^/, ""];
    return form.test(value) ? [] : [`${name} must be ${words}, not "${value}"`];
  });
  if (wrong.length > 0) throw new Problem("usage", wrong.join("\n"));
  return Object.fromEntries(said);
}

/** Settings of a copy, and the Collector's variables for them. */
const COPY: Readonly<Record<string, string>> = {
  LENS_FORWARD_URL: "BATON_COPY_URL",
  LENS_FORWARD_CERTIFICATE: "BATON_COPY_CERTIFICATE",
  LENS_FORWARD_CLIENT_CERTIFICATE: "BATON_COPY_CLIENT_CERTIFICATE",
  LENS_FORWARD_CLIENT_KEY: "BATON_COPY_CLIENT_KEY",
};
/**
 * Settings that no variable hands over: each protocol has its own file, `copySettings` writes the headers, and the
 * Collector compresses and times out as its file says.
 */
const UNTOLD = [
  "LENS_FORWARD_PROTOCOL",
  "LENS_FORWARD_HEADERS",
  "LENS_FORWARD_COMPRESSION",
  "LENS_FORWARD_TIMEOUT",
];

/** The variables of copy-http.yaml and copy-grpc.yaml. Throws a Problem `environment` when signals differ in them. */
export function copySettings(copy: Copy | null): Record<string, string> {
  if (!copy) return {};
  const strange = Object.keys(copy.settings).filter((name) => !(name in COPY) && !UNTOLD.includes(name));
  if (strange.length > 0) {
    const names = strange.map((name) =>
      name.replace("LENS_FORWARD_", "OTEL_EXPORTER_OTLP_").replace(/URL$/, "ENDPOINT"),
    );
    throw new Problem(
      "environment",
      `with --full all signals go to one backend: unset ${names.join(", ")}, or set OTEL_EXPORTER_OTLP_ENDPOINT alone`,
    );
  }
  const told = Object.entries(copy.settings).flatMap(([name, value]): [string, string][] => {
    const theirs = COPY[name];
    return theirs ? [[theirs, value]] : [];
  });
  const headers = (copy.settings.LENS_FORWARD_HEADERS ?? "")
    .split(",")
    .filter((entry) => entry.trim() !== "");
  const map = Object.fromEntries(
    headers.map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at).trim(), decodeURIComponent(entry.slice(at + 1).trim())];
    }),
  );
  return {
    ...Object.fromEntries(told),
    // The Collector reads a dollar as the start of a variable.
    ...(headers.length > 0 && { BATON_COPY_HEADERS: JSON.stringify(map).replaceAll("$", "$$$$") }),
  };
}

/** The variables of collector.yaml, on the loopback. */
export function collectorEnvironment(input: CollectorInput): Record<string, string> {
  const { ports, stack } = input;
  const [redis, postgres] = [new URL(input.redisUrl), new URL(input.postgresUrl)];
  return {
    BATON_COLLECTOR_HOST: "127.0.0.1",
    BATON_OTLP_GRPC_PORT: String(ports.otlpGrpc),
    BATON_OTLP_HTTP_PORT: String(ports.otlpHttp),
    BATON_COLLECTOR_HEALTH_PORT: String(stack.collectorHealth),
    BATON_COLLECTOR_METRICS_PORT: String(stack.collectorMetrics),
    BATON_LENS_OTLP_URL: `http://127.0.0.1:${stack.lensOtlpHttp}`,
    BATON_JAEGER_OTLP_ENDPOINT: `127.0.0.1:${stack.jaegerOtlp}`,
    BATON_PROMETHEUS_URL: `http://127.0.0.1:${stack.prometheus}`,
    BATON_REDIS_ENDPOINT: `${redis.hostname}:${redis.port || 6379}`,
    BATON_REDIS_PASSWORD: decodeURIComponent(redis.password),
    BATON_POSTGRES_ENDPOINT: `${postgres.hostname}:${postgres.port || 5432}`,
    BATON_POSTGRES_USER: decodeURIComponent(postgres.username) || "postgres",
    BATON_POSTGRES_PASSWORD: decodeURIComponent(postgres.password) || "unset",
    ...collectorSettings(input.user),
    ...copySettings(input.copy),
  };
}

/** The Collector, run from `file`. */
export function collectorPart(file: string, input: CollectorInput): StackPart {
  const protocol = input.copy?.settings.LENS_FORWARD_PROTOCOL === "grpc" ? "grpc" : "http";
  const files = ["collector.yaml", ...(input.copy ? [`copy-${protocol}.yaml`] : [])];
  return {
    port: input.ports.otlpHttp,
    ready: `http://127.0.0.1:${input.stack.collectorHealth}/`,
    spec: {
      name: "collector",
      command: file,
      args: files.map((name) => `--config=${path.join(input.root, "collector", name)}`),
      env: { ...serverEnv(), ...collectorEnvironment(input) },
      cwd: input.dir,
      logFile: path.join(input.dir, "logs", "collector.log"),
      // It forwards its queues. What an unreachable backend has not taken by then is lost.
      stopWithinMs: 1_000,
    },
  };
}
