/**
 * Brings a whole playground up and down: servers, lens, services. The command line and the end-to-end tests use it in
 * their own process, several at once in different folders. It never exits and never prints.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { heapFlags, type Service } from "../../services/declare.ts";
import { lens, services } from "../../services/topology.ts";
import { databaseUrl } from "../provide/databases.ts";
import type { Server, Source } from "../provide/server.ts";
import { minimum } from "../provide/versions.ts";
import { FullStack } from "../stack/full.ts";
import { folders, lensEnvironment, reachesLens, serviceEnvironment } from "./environment.ts";
import { checkFree, type Ports } from "./ports.ts";
import { Acquired, type RunningPart, Starting, type UpOptions, usesPostgres } from "./starting.ts";
import { claim, type RunPart } from "./state.ts";
import { assertTopology } from "./topology.ts";

/** Modules loaded before a service: the telemetry, and hold.ts, which waits until the servers are ready. */
const SERVICE_IMPORTS = [
  "--import",
  "./services/_kit/sdk/start.ts",
  "--import",
  "./playground/runner/hold.ts",
];
const words: Readonly<Record<Source, string>> = {
  url: "given",
  PATH: "from the PATH",
  cache: "from the cache",
  embedded: "from npm",
};
/** In the state folder; it exists once the servers are ready: see hold.ts. */
const HOLD_FILE = "servers-ready";

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
  /** False when the user's environment turns the spans off. */
  readonly reachesLens: boolean;
  /** How long the servers and then the services took to be ready. */
  readonly times: { readonly serversMs: number; readonly startMs: number };
  /** Ends everything, services first, and resolves when all processes are gone. Later calls wait for the same end. */
  stop(): Promise<void>;
}

/** Ports that the playground itself will listen on: not those of given servers. */
const ownPorts = (ports: Ports): [string, number][] => {
  const isGiven = (name: string): boolean =>
    name in minimum && Boolean(process.env[`BATON_${name.toUpperCase()}_URL`]);
  return Object.entries(ports).filter(([name]) => !isGiven(name));
};

/** The parts as `npm run status` reads them. */
const published = (parts: readonly RunningPart[]): RunPart[] =>
  parts.map(({ name, port, child, ready = "" }) => ({
    name,
    pid: child?.pid() ?? null,
    port,
    ready,
    exits: child?.exits() ?? 0,
  }));

/**
 * Starts a playground and resolves when every part is ready. Rejects with a Problem (`topology`, `already_running`,
 * `port_taken`, `server_missing`, `server_unfit`, `part_died`, `not_ready`) or the signal's reason; then nothing is
 * left running.
 */
export async function up(options: UpOptions): Promise<Playground> {
  const { dir, ports, keep = false, report } = options;
  assertTopology();
  const addresses = { gateway: `http://127.0.0.1:${ports.gateway}`, lens: `http://127.0.0.1:${ports.lens}` };
  const sender = options.full ? `http://127.0.0.1:${options.full.collectorMetrics}` : addresses.lens;
  const mine = await claim(dir, ports, `${sender}/metrics`);
  const acquired = new Acquired(mine, report);
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
    for (const folder of ["logs", "lens", ...folders]) {
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

/** Starts all at once: the servers, lens, and the services, which load their code and then wait for the servers. */
async function startAll(
  starting: Starting,
  addresses: { gateway: string; lens: string },
): Promise<Playground> {
  const { options, acquired } = starting;
  const { dir, ports, copy = null, env: extra = {} } = options;
  const user = process.env;
  const full = options.full && (await FullStack.prepare(starting, options.full));
  const beginMs = performance.now();
  let serversMs = 0;
  let held = true;
  const prepared = await starting.prepareServers();
  const { natsUrl, redisUrl, postgresUrl, passwordFor } = prepared;
  const databases = usesPostgres.map((service) => {
    return { service, url: databaseUrl(postgresUrl, service, passwordFor(service)) };
  });
  const holdFile = path.join(dir, HOLD_FILE);
  await rm(holdFile, { force: true });
  const serversAndDatabases = async (): Promise<void> => {
    await starting.startServers(prepared);
    await starting.makeDatabases(postgresUrl, passwordFor);
  };
  // lens needs no server, so it starts at the same time.
  const lensEnv = lensEnvironment({
    ports,
    dir,
    user,
    // With the Collector it is the Collector that sends it: metrics never reach lens.
    copy: full ? null : copy,
    extra: { ...full?.lensEnvironment, ...extra },
  });
  const foundation = async (): Promise<void> => {
    const lensStart = starting.part(lens, heapFlags(lens), lensEnv, acquired.lens);
    await starting.all([serversAndDatabases(), lensStart, ...(full?.startBackends() ?? [])]);
    const { servers } = acquired;
    if (!servers) throw new Error("the servers have started but are not recorded");
    options.report.say(`servers ready: ${servers.parts.map(describe).join(", ")}`);
    serversMs = performance.now() - beginMs;
    if (full) {
      await starting.all([full.startCollector(servers)]);
      options.report.say(`full stack ready: ${full.describe()}`);
    }
    await writeFile(holdFile, "");
    held = false;
  };
  const input = { ports, dir, natsUrl, redisUrl, databases, user, extra: { BATON_HOLD: holdFile, ...extra } };
  const start = (part: Service): Promise<void> => {
    const flags = [...heapFlags(part.memory), ...SERVICE_IMPORTS];
    return starting.part(part, flags, serviceEnvironment(part, input), acquired.services, () => held);
  };
  await starting.all([foundation(), ...services.map(start)]);
  const startMs = performance.now() - beginMs - serversMs;
  options.report.say(`services ready: ${services.map(({ name }) => name).join(", ")}`);
  return {
    ports,
    urls: { ...addresses, nats: natsUrl, redis: redisUrl, postgres: postgresUrl },
    stack: FullStack.addresses(acquired.parts()),
    databases: Object.fromEntries(databases.map(({ service, url }) => [service, url])),
    parts: acquired.parts(),
    reachesLens: reachesLens({ ...user, ...extra }),
    times: { serversMs, startMs },
    stop: () => acquired.end(),
  };
}
