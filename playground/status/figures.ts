/** Rates and backlogs of a running playground, from lens and from the servers. */
import { setTimeout as delay } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { databaseUrl } from "../provide/databases.ts";
import { natsUrl, withNats } from "../provide/nats.ts";
import { postgresUrl, withPostgres } from "../provide/postgres.ts";
import { redisUrl, withRedis } from "../provide/redis.ts";
import { passwords } from "../provide/secret.ts";
import type { Login } from "../provide/server.ts";
import type { ServerName } from "../provide/versions.ts";
import { usesPostgres } from "../runner/starting.ts";
import type { Run } from "../runner/state.ts";

/** Null when it is not available. */
type Figure = number | null;

export interface Figures {
  readonly checkoutsPerSecond: Figure;
  readonly spansPerSecond: Figure;
  /** Events that are not in the stream yet, over all services. */
  readonly outbox: Figure;
  /** Events that a consumer has not received yet, counted once for each such consumer. */
  readonly streams: Figure;
  /** Jobs that have not begun: waiting, delayed, or waiting for others. */
  readonly queues: Figure;
  readonly deadLetters: Figure;
}

/** The time between the two readings of a rate. */
const WINDOW_MS = 1_000;
const TIMEOUT_MS = 5_000;
const EVENTS_STREAM = "BATON_EVENTS";
const DEAD_STREAM = "BATON_DEAD";
/** Keys of BullMQ, and how many jobs each kind of key holds. */
const QUEUE_PREFIX = "baton:";
const LISTS = ["wait", "paused"];
const SORTED = ["delayed", "prioritized", "waiting-children"];

type Urls = Readonly<Record<ServerName, string>> & { readonly database: (service: string) => string };

/** Addresses of the servers: the given ones, else the private ones with the passwords from the state folder. */
async function urlsOf(run: Run, dir: string, env: NodeJS.ProcessEnv): Promise<Urls> {
  const passwordFor = await passwords(dir);
  const login = (name: ServerName): Login => ({ port: run.ports[name], password: passwordFor(name) });
  const postgres = env.BATON_POSTGRES_URL || postgresUrl(login("postgres"));
  return {
    nats: env.BATON_NATS_URL || natsUrl(login("nats")),
    redis: env.BATON_REDIS_URL || redisUrl(login("redis")),
    postgres,
    database: (service) => databaseUrl(postgres, service, passwordFor(service)),
  };
}

/** The count that `sql` returns in the database of `service`; 0 when it has no such table. */
const count = (urls: Urls, service: string, sql: string): Promise<number> =>
  withPostgres(urls.database(service), async (client) => {
    const { rows } = await client.query<{ n: string }>(sql).catch((error: { code?: string }) => {
      const UNDEFINED_TABLE = "42P01";
      if (error.code === UNDEFINED_TABLE) return { rows: [] };
      throw error;
    });
    return Number(rows[0]?.n ?? 0);
  });

const orders = (urls: Urls): Promise<number> => count(urls, "orders", "SELECT count(*) AS n FROM orders");

async function outbox(urls: Urls): Promise<number> {
  const unsent = "SELECT count(*) AS n FROM outbox WHERE sent_at IS NULL";
  const counts = await Promise.all(usesPostgres.map((service) => count(urls, service, unsent)));
  return counts.reduce((sum, n) => sum + n, 0);
}

/** Spans that lens has received since it started. */
async function spans(lens: string): Promise<number> {
  const response = await fetch(`${lens}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const found = /^lens_received_total\{signal="traces"\} (\d+)/m.exec(await response.text());
  if (!found) throw new Error("lens does not say how many spans it received");
  return Number(found[1]);
}

const streams = (urls: Urls): Promise<{ waiting: number; dead: number }> =>
  withNats(urls.nats, async (connection) => {
    const manager = await jetstreamManager(connection);
    let waiting = 0;
    for await (const { num_pending } of manager.consumers.list(EVENTS_STREAM)) waiting += num_pending;
    return { waiting, dead: (await manager.streams.info(DEAD_STREAM)).state.messages };
  });

const queues = (urls: Urls): Promise<number> =>
  withRedis(urls.redis, async (redis) => {
    const found: string[] = [];
    let cursor = "0";
    do {
      const [next, keys] = await redis.scan(cursor, "MATCH", `${QUEUE_PREFIX}*:meta`, "COUNT", 500);
      found.push(...keys.map((key) => key.slice(0, -"meta".length)));
      cursor = next;
    } while (cursor !== "0");
    const sizes = await Promise.all(
      found.flatMap((queue) => [
        ...LISTS.map((kind) => redis.llen(queue + kind)),
        ...SORTED.map((kind) => redis.zcard(queue + kind)),
      ]),
    );
    return sizes.reduce((sum, n) => sum + n, 0);
  });

const orNull = <T>(asked: Promise<T>): Promise<T | null> => asked.catch(() => null);

/** How much the number of `ask` grows in a second. */
async function rate(ask: () => Promise<number>, signal: AbortSignal): Promise<number> {
  const [before, sinceMs] = [await ask(), performance.now()];
  await delay(WINDOW_MS, undefined, { signal });
  const after = await ask();
  // A counter that was reset between the readings, as by a restart of lens, has grown from 0.
  const grown = after < before ? after : after - before;
  return (grown * 1_000) / (performance.now() - sinceMs);
}

/** Takes about a second. A figure that is not available is null; rejects only with the signal's reason. */
export async function figuresOf(
  run: Run,
  {
    dir,
    env,
    signal,
  }: { readonly dir: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<Figures> {
  const urls = await urlsOf(run, dir, env);
  const [checkoutsPerSecond, spansPerSecond, outboxes, stream, queue] = await Promise.all([
    orNull(rate(() => orders(urls), signal)),
    orNull(rate(() => spans(run.urls.lens ?? ""), signal)),
    orNull(outbox(urls)),
    orNull(streams(urls)),
    orNull(queues(urls)),
  ]);
  signal.throwIfAborted();
  return {
    checkoutsPerSecond,
    spansPerSecond,
    outbox: outboxes,
    streams: stream?.waiting ?? null,
    queues: queue,
    deadLetters: stream?.dead ?? null,
  };
}
