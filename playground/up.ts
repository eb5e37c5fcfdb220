/**
 * Brings a whole playground up and down: servers, lens, services. The command line and the end-to-end tests use it in
 * their own process, several at once in different folders. It never exits and never prints.
 */
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { lens, type Part, services } from "../services/topology.ts";
import { type EnvironmentInput, lensEnvironment, reachesLens, serviceEnvironment } from "./environment.ts";
import { checkFree, type Ports } from "./ports.ts";
import { makeDatabases } from "./provide/databases.ts";
import type { Server, Source } from "./provide/server.ts";
import { minimum } from "./provide/versions.ts";
import { FullStack } from "./stack/full.ts";
import { Acquired, type RunningPart, Starting, type UpOptions, usesPostgres } from "./starting.ts";
import { claim, type RunPart } from "./state.ts";

/** A service's heap: seven of them are to fit a small machine. Lens holds what they send. */
const SERVICE_FLAGS = [
  "--max-semi-space-size=1",
  "--max-old-space-size=96",
  "--import",
  "./services/_kit/telemetry/start.ts",
];
const words: Readonly<Record<Source, string>> = {
  url: "given",
  PATH: "from the PATH",
  cache: "from the cache",
  embedded: "from npm",
};
const LENS_FLAGS = ["--max-old-space-size=512"];

export interface Playground {
  readonly ports: Ports;
  /** Addresses; those of the servers with user and password, `postgres` for a role that may create databases. */
  readonly urls: Readonly<Record<"gateway" | "lens" | "nats" | "redis" | "postgres", string>>;
  /** Addresses of the full stack by name, such as `jaeger`; empty without it. */
  readonly stack: Readonly<Record<string, string>>;
  /** Each service's own database. */
  readonly databases: Readonly<Record<string, string>>;
  /** In the order of their start: servers, lens, services. */
  readonly parts: readonly RunningPart[];
  /** False when the user's environment sends the spans elsewhere, or nowhere. */
  readonly reachesLens: boolean;
  /** How long the servers and then the services took to be ready. */
  readonly times: { readonly serversMs: number; readonly startMs: number };
  /** Ends everything, services first, and resolves when all is gone. Later calls wait for the same end. */
  stop(): Promise<void>;
}

/** Ports that the playground itself will listen on: not those of servers that we were given. */
const ownPorts = (ports: Ports): [string, number][] => {
  const isGiven = (name: string): boolean =>
    name in minimum && Boolean(process.env[`BATON_${name.toUpperCase()}_URL`]);
  return Object.entries(ports).filter(([name]) => !isGiven(name));
};

/** What `npm run status` reads. */
const published = (parts: readonly RunningPart[]): RunPart[] =>
  parts.map(({ name, port, child, ready = "" }) => ({
    name,
    pid: child?.pid() ?? null,
    port,
    ready,
    exits: child?.exits() ?? 0,
  }));

/**
 * Starts a playground and resolves when every part is ready. Rejects with a Problem (`already_running`, `port_taken`,
 * `server_missing`, `server_unfit`, `part_died`, `not_ready`) or the signal's reason; then nothing is left running.
 */
export async function up(options: UpOptions): Promise<Playground> {
  const { dir, ports, keep = false, report } = options;
  const mine = await claim(dir, ports);
  const acquired = new Acquired(mine, report);
  const addresses = { gateway: `http://127.0.0.1:${ports.gateway}`, lens: `http://127.0.0.1:${ports.lens}` };
  const publish = (parts: readonly RunningPart[]): void => {
    const stack = FullStack.addresses(parts);
    mine
      .update({ ...addresses, ...stack }, published(parts))
      .catch((error) => report.say(`run.json: ${error.message}`));
  };
  try {
    publish([]);
    FullStack.check(options, process.env);
    await checkFree([...ownPorts(ports), ...Object.entries(options.full ?? {})]);
    for (const folder of ["logs", "mail"]) {
      if (!keep) await rm(path.join(dir, folder), { recursive: true, force: true });
      await mkdir(path.join(dir, folder), { recursive: true });
    }
    return await startAll(new Starting(options, acquired, publish), addresses);
  } catch (error) {
    await acquired.end();
    throw error;
  }
}

const describe = ({ name, version, from }: Server): string => `${name} ${version} (${words[from]})`;

async function startAll(
  starting: Starting,
  addresses: { gateway: string; lens: string },
): Promise<Playground> {
  const { options, acquired } = starting;
  const { dir, ports, env: extra = {} } = options;
  const user = process.env;
  const full = options.full && (await FullStack.prepare(starting, options.full));
  const beginMs = performance.now();
  let input: EnvironmentInput | undefined;
  const serversAndDatabases = async (): Promise<void> => {
    const servers = await starting.servers();
    const databases = await makeDatabases(servers.postgresUrl, usesPostgres, servers.passwordFor);
    input = { ports, dir, natsUrl: servers.natsUrl, redisUrl: servers.redisUrl, databases, user, extra };
  };
  // Lens needs no server: it starts beside them.
  const lensEnv = lensEnvironment({ ports, dir, user, extra: { ...full?.lensEnvironment, ...extra } });
  const lensStart = starting.part(lens, LENS_FLAGS, lensEnv, acquired.lens);
  await starting.all([serversAndDatabases(), lensStart, ...(full?.startBackends() ?? [])]);
  const serversMs = performance.now() - beginMs;
  const { servers } = acquired;
  if (!input || !servers) throw new Error("the servers started without addresses");
  const environment = input;
  options.report.say(`servers ready: ${servers.parts.map(describe).join(", ")}`);
  if (full) {
    await starting.all([full.startCollector(servers)]);
    options.report.say(`full stack ready: ${full.describe()}`);
  }
  const start = (part: Part): Promise<void> =>
    starting.part(part, SERVICE_FLAGS, serviceEnvironment(part, environment), acquired.services);
  await starting.all(services.map(start));
  const startMs = performance.now() - beginMs - serversMs;
  options.report.say(`services ready: ${services.map(({ name }) => name).join(", ")}`);
  return {
    ports,
    urls: { ...addresses, nats: servers.natsUrl, redis: servers.redisUrl, postgres: servers.postgresUrl },
    stack: FullStack.addresses(acquired.parts()),
    databases: Object.fromEntries(environment.databases.map(({ service, url }) => [service, url])),
    parts: acquired.parts(),
    reachesLens: reachesLens({ ...user, ...extra }),
    times: { serversMs, startMs },
    stop: () => acquired.end(),
  };
}
