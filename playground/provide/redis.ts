/** A Redis server (or Valkey): a private one, or the one at a given address. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Redis } from "ioredis";
import { Problem } from "../problem.ts";
import { startChild } from "../runner/child.ts";
import type { Program } from "./program.ts";
import {
  CONNECT_WITHIN_MS,
  type Login,
  type Server,
  type ServerContext,
  type Source,
  STOP_WITHIN_MS,
  serverEnv,
} from "./server.ts";
import { isEnough, minimum, parseVersion, versionText } from "./versions.ts";

/** Our keys match it, and no others. */
const OUR_KEYS = "baton:*";
const SCAN_COUNT = 500;

/** Connects to `url`, once, and lets `use` work; closes in any case. */
export async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_WITHIN_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // The failed call reports the error; the event of the same error would end the process without a listener.
  redis.on("error", () => {});
  try {
    await redis.connect();
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

const askVersion = (url: string): Promise<string> =>
  withRedis(url, async (redis) => /^redis_version:(\S+)/m.exec(await redis.info("server"))?.[1] ?? "");

const quoted = (text: string): string => JSON.stringify(text);

/** Address of the private server. */
export const redisUrl = ({ port, password }: Login): string => `redis://:${password}@127.0.0.1:${port}`;

/** Starts `program` privately, keeping its append-only file below `data/redis`. */
export async function startRedis(program: Program, from: Source, context: ServerContext): Promise<Server> {
  const data = path.join(context.dir, "data", "redis");
  const config = path.join(context.dir, "data", "redis.conf");
  await mkdir(data, { recursive: true });
  const settings = [
    "bind 127.0.0.1",
    `port ${context.port}`,
    `requirepass ${context.password}`,
    `dir ${quoted(data)}`,
    // A queue must not lose or evict jobs.
    "appendonly yes",
    // Each command is handed to the kernel before it is answered, and so survives SIGKILL. With the default, everysec,
    // that write waits up to 2 s for a running sync, and answered jobs were lost in a crash test.
    "appendfsync no",
    "maxmemory-policy noeviction",
    'save ""',
    "daemonize no",
  ];
  await writeFile(config, `${settings.join("\n")}\n`, { mode: 0o600 });
  const url = redisUrl(context);
  const spec = {
    name: "redis",
    command: program.file,
    args: [config],
    env: serverEnv(program.libraryPath),
    cwd: context.dir,
    logFile: path.join(context.dir, "logs", "redis.log"),
    stopWithinMs: STOP_WITHIN_MS,
  };
  const { child } = await startChild(spec, () => askVersion(url), context);
  return { name: "redis", url, port: context.port, from, version: versionText(program.version), child };
}

/** The server at `url`, checked: it answers and is new enough. Rejects with a Problem. */
export async function givenRedis(url: string): Promise<Server> {
  const version = await askVersion(url).catch((cause) => {
    throw new Problem("server_unfit", `BATON_REDIS_URL: no Redis answers there: ${cause.message}`, { cause });
  });
  const parsed = parseVersion(version);
  if (!parsed || !isEnough("redis", parsed)) {
    const least = versionText(minimum.redis);
    throw new Problem(
      "server_unfit",
      `BATON_REDIS_URL: that server is Redis ${version || "of no known version"}; Baton needs ${least} or later`,
    );
  }
  return { name: "redis", url, port: Number(new URL(url).port || 6379), from: "url", version, child: null };
}

/** Deletes the keys that begin with `baton:`, and nothing else. */
export const wipeRedis = (url: string): Promise<void> =>
  withRedis(url, async (redis) => {
    let cursor = "0";
    do {
      const [next, keys] = await redis.scan(cursor, "MATCH", OUR_KEYS, "COUNT", SCAN_COUNT);
      if (keys.length > 0) await redis.unlink(...keys);
      cursor = next;
    } while (cursor !== "0");
  });
