/** The environment of each process of ours. Nothing of the user's passes but what is named here. */
import path from "node:path";
import { type Service, urlVariable } from "../../services/declare.ts";
import { lensConsumers, lensWords, services } from "../../services/topology.ts";
import { cacheDir } from "../provide/apt.ts";
import type { Database } from "../provide/databases.ts";
import { SERVICE_SETTINGS } from "../variables.ts";
import { type Ports, portOf } from "./ports.ts";

/** What programs need to run at all, and what people set for their own Node programs. */
const SYSTEM = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "NODE_COMPILE_CACHE", "NODE_EXTRA_CA_CERTS"];
/** What a user may say to the services. All of OpenTelemetry's own `OTEL_*` pass, too, and win over ours. */
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
  /** Wins over everything. */
  readonly extra: Env;
}

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

/** What passes from the user's environment. */
export function passedOn(user: NodeJS.ProcessEnv): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(user)) {
    if (value && (SYSTEM.includes(name) || OURS.includes(name) || name.startsWith("OTEL_")))
      passed[name] = value;
  }
  return passed;
}

/** Compiled code is kept for the next start, where boot.cjs keeps it, too. */
const compiled = (user: NodeJS.ProcessEnv): Env => ({
  NODE_COMPILE_CACHE: path.join(cacheDir(user), "compile-cache"),
});

/** Whether the services' spans reach lens: not when they are sent elsewhere or not at all. */
export function reachesLens(user: NodeJS.ProcessEnv): boolean {
  const elsewhere = user.OTEL_EXPORTER_OTLP_ENDPOINT || user.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const off =
    user.BATON_TELEMETRY === "off" ||
    user.OTEL_SDK_DISABLED === "true" ||
    user.OTEL_TRACES_EXPORTER === "none";
  return !elsewhere && !off;
}

/** The environment of the service `part`: where everything is, and of the databases only its own. */
export function serviceEnvironment(part: Service, input: EnvironmentInput): Env {
  const { ports, dir, databases } = input;
  const addresses = services.map((s) => [urlVariable(s.name), urlOf(portOf(s.name, ports))] as const);
  const folders = Object.entries(part.folders).map(([variable, name]) => [variable, path.join(dir, name)]);
  const database = databases.find(({ service }) => service === part.name);
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: urlOf(ports.otlpHttp),
    ...compiled(input.user),
    ...passedOn(input.user),
    BATON_SERVICE: part.name,
    BATON_HOST: "127.0.0.1",
    BATON_PORT: String(portOf(part.name, ports)),
    BATON_STATE_DIR: dir,
    BATON_FAULTS: "1",
    ...(part.edge && { BATON_EDGE: "1" }),
    ...Object.fromEntries(folders),
    ...(part.servers.includes("nats") && { BATON_NATS_URL: input.natsUrl }),
    ...(part.servers.includes("redis") && { BATON_REDIS_URL: input.redisUrl }),
    ...(database && { BATON_POSTGRES_URL: database.url }),
    ...Object.fromEntries(addresses),
    ...input.extra,
  };
}

/** The environment of lens. */
export function lensEnvironment(input: Pick<EnvironmentInput, "ports" | "dir" | "user" | "extra">): Env {
  const { ports, dir, user, extra } = input;
  return {
    ...compiled(user),
    ...passedOn(user),
    ...lensWords(),
    ...Object.fromEntries(Object.entries(user).filter(([name, value]) => name.startsWith("LENS_") && value)),
    BATON_HOST: "127.0.0.1",
    BATON_PORT: String(ports.lens),
    BATON_STATE_DIR: dir,
    // Emptied before it starts unless `--keep` was said.
    LENS_DATA_DIR: path.join(dir, "lens"),
    LENS_OTLP_HTTP_PORT: String(ports.otlpHttp),
    LENS_CONSUMERS: lensConsumers(),
    LENS_OTLP_GRPC_PORT: String(ports.otlpGrpc),
    ...extra,
  };
}
