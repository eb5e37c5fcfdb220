/** The environment of each of our processes. Of the user's environment it has only the variables named here. */
import path from "node:path";
import { type Service, urlVariable } from "../../services/declare.ts";
import { lensConsumers, lensWords, services } from "../../services/topology.ts";
import { type Copy, copyFromEnvironment, OF_BACKEND } from "../copy.ts";
import { SIGNALS } from "../otel-table.ts";
import { isObeyed } from "../otel-variables.ts";
import { cacheDir } from "../provide/apt.ts";
import type { Database } from "../provide/databases.ts";
import { entriesOf } from "../values.ts";
import { SERVICE_SETTINGS } from "../variables.ts";
import { type Ports, portOf } from "./ports.ts";

/** Variables that programs need to run, and that people set for their own Node programs. */
const SYSTEM = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "NODE_COMPILE_CACHE", "NODE_EXTRA_CA_CERTS"];
/** The user's settings of the services. */
const OURS = SERVICE_SETTINGS.map(({ name }) => name);

/** Folders of the state folder that services write to. */
export const folders = services.flatMap((service: Service) => Object.values(service.folders));

type Env = Readonly<Record<string, string>>;

export interface EnvironmentInput {
  readonly ports: Ports;
  /** State folder, absolute. */
  readonly dir: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly databases: readonly Database[];
  /** The user's environment. */
  readonly user: NodeJS.ProcessEnv;
  /** The backend that gets a copy of the telemetry; none when null or left out. */
  readonly copy?: Copy | null;
  /** Wins over everything. */
  readonly extra: Env;
}

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

/** The variables that pass from the user's environment: those of the services and OpenTelemetry's that are obeyed. */
export function passedOn(user: NodeJS.ProcessEnv): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(user)) {
    if (value?.trim() && (SYSTEM.includes(name) || OURS.includes(name) || isObeyed(name)))
      passed[name] = value;
  }
  return passed;
}

/**
 * What the services are told of the exporter: they always send to lens, or to the Collector before it. The endpoint
 * goes with the protocol. What the user says of another backend belongs to the copy, and no key of it reaches a
 * service.
 */
function exporter(user: NodeJS.ProcessEnv, ports: Ports): Env {
  const own = [ports.otlpGrpc, ports.otlpHttp];
  const told: Record<string, string> = {};
  if (!copyFromEnvironment(user, own)) {
    for (const name of OF_BACKEND) {
      const value = user[name]?.trim();
      if (value && !name.endsWith("_ENDPOINT")) told[name] = value;
    }
  }
  told.OTEL_EXPORTER_OTLP_ENDPOINT = urlOf(
    told.OTEL_EXPORTER_OTLP_PROTOCOL === "grpc" ? ports.otlpGrpc : ports.otlpHttp,
  );
  for (const signal of SIGNALS) {
    const protocol = told[`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`];
    if (!protocol) continue;
    told[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] =
      protocol === "grpc" ? urlOf(ports.otlpGrpc) : `${urlOf(ports.otlpHttp)}/v1/${signal.toLowerCase()}`;
  }
  return told;
}

/** `env` without what it says of a backend. */
const withoutBackend = (env: Record<string, string>): Env =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !OF_BACKEND.includes(name)));

/** The folder of compiled code, the same as in boot.cjs. */
const compiled = (user: NodeJS.ProcessEnv): Env => ({
  NODE_COMPILE_CACHE: path.join(cacheDir(user), "compile-cache"),
});

/** Whether the services' spans reach lens: false when telemetry is off, or spans are not sent by OTLP. */
export function reachesLens(user: NodeJS.ProcessEnv): boolean {
  const sent = entriesOf(user.OTEL_TRACES_EXPORTER ?? "");
  const off = user.BATON_TELEMETRY === "off" || user.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true";
  return !off && (sent.length === 0 || (sent.includes("otlp") && !sent.includes("none")));
}

/** The environment of the service `part`: all addresses, but of the databases only its own. */
export function serviceEnvironment(part: Service, input: EnvironmentInput): Env {
  const { ports, dir, databases } = input;
  const addresses = services.map((s) => [urlVariable(s.name), urlOf(portOf(s.name, ports))] as const);
  const folders = Object.entries(part.folders).map(([variable, name]) => [variable, path.join(dir, name)]);
  const database = databases.find(({ service }) => service === part.name);
  return {
    BATON_FAULTS: "1",
    ...compiled(input.user),
    ...withoutBackend(passedOn(input.user)),
    ...exporter(input.user, ports),
    BATON_SERVICE: part.name,
    BATON_HOST: "127.0.0.1",
    BATON_PORT: String(portOf(part.name, ports)),
    BATON_STATE_DIR: dir,
    ...(part.edge && { BATON_EDGE: "1" }),
    ...Object.fromEntries(folders),
    ...(part.servers.includes("nats") && { BATON_NATS_URL: input.natsUrl }),
    ...(part.servers.includes("redis") && { BATON_REDIS_URL: input.redisUrl }),
    ...(database && { BATON_POSTGRES_URL: database.url }),
    ...Object.fromEntries(addresses),
    ...input.extra,
  };
}

/** What lens needs to send a copy through the user's proxy. Our own addresses never go through one: see boot.cjs. */
export const throughProxy = (user: NodeJS.ProcessEnv): Env =>
  Object.fromEntries(
    Object.entries(user).filter(
      (entry): entry is [string, string] =>
        (entry[0] === "NODE_USE_ENV_PROXY" || /^(https?|no)_proxy$/i.test(entry[0])) && Boolean(entry[1]),
    ),
  );

/** The environment of lens. */
export function lensEnvironment(
  input: Pick<EnvironmentInput, "ports" | "dir" | "user" | "copy" | "extra">,
): Env {
  const { ports, dir, user, copy, extra } = input;
  return {
    ...compiled(user),
    ...withoutBackend(passedOn(user)),
    ...throughProxy(user),
    ...lensWords(),
    ...Object.fromEntries(Object.entries(user).filter(([name, value]) => name.startsWith("LENS_") && value)),
    ...copy?.settings,
    BATON_HOST: "127.0.0.1",
    BATON_PORT: String(ports.lens),
    BATON_STATE_DIR: dir,
    // Without `--keep` it is emptied before the start.
    LENS_DATA_DIR: path.join(dir, "lens"),
    LENS_OTLP_HTTP_PORT: String(ports.otlpHttp),
    LENS_CONSUMERS: lensConsumers(),
    LENS_OTLP_GRPC_PORT: String(ports.otlpGrpc),
    ...extra,
  };
}
