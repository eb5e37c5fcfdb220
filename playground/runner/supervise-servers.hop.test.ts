import path from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patient } from "../../tests/patience.ts";
import { provide, type Servers } from "../provide/provide.ts";
import { type TemporaryState, temporaryState } from "../temporary.fixture.ts";
import { silent } from "../terminal/report.ts";
import { until } from "../until.ts";
import { freePorts } from "./ports.ts";

/** Writes and reads on one of the servers. */
interface Store {
  /** Resolves when the server has acknowledged the number `n`. */
  write(n: number): Promise<void>;
  /** All numbers that are stored. */
  read(): Promise<number[]>;
  close(): Promise<unknown>;
}

const never = new AbortController().signal;

/** Repeats `work`, each time on a new connection, until the server is back; resolves to its result. */
const whenBack = <T>(what: string, work: () => Promise<T>): Promise<T> =>
  until(work, {
    signal: never,
    withinMs: patient(15_000),
    onLate: (last) => new Error(`${what} is not back`, { cause: last }),
  });

async function natsStore(url: string): Promise<Store> {
  const { hostname, port, username, password } = new URL(url);
  const nats = await connect({
    servers: `${hostname}:${port}`,
    user: username,
    pass: password,
    reconnect: false,
  });
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: "KEPT", subjects: ["kept"] });
  return {
    write: async (n) =>
      void (await jetstream(nats).publish("kept", JSON.stringify(n), { timeout: patient(2_000) })),
    read: async () => {
      const { state } = await manager.streams.info("KEPT");
      const all: number[] = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq++)
        all.push(Number((await manager.streams.getMessage("KEPT", { seq }))?.json()));
      return all;
    },
    close: () => nats.close(),
  };
}

async function redisStore(url: string): Promise<Store> {
  const redis = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0, lazyConnect: true });
  redis.on("error", () => {});
  await redis.connect();
  return {
    write: async (n) => void (await redis.rpush("kept", n)),
    read: async () => (await redis.lrange("kept", 0, -1)).map(Number),
    close: async () => redis.disconnect(),
  };
}

async function postgresStore(url: string): Promise<Store> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  await client.connect();
  await client.query("CREATE TABLE IF NOT EXISTS kept (id serial PRIMARY KEY, n int)");
  return {
    write: async (n) => void (await client.query("INSERT INTO kept (n) VALUES ($1)", [n])),
    read: async () =>
      (await client.query<{ n: number }>("SELECT n FROM kept ORDER BY id")).rows.map(({ n }) => n),
    close: () => client.end().catch(() => {}),
  };
}

const opens = { nats: natsStore, redis: redisStore, postgres: postgresStore } as const;
const KILLS = 3;

describe("a private server that is killed by SIGKILL while it is written to", () => {
  let state: TemporaryState;
  let servers: Servers;
  beforeAll(async () => {
    state = await temporaryState();
    servers = await provide({
      root: path.resolve(import.meta.dirname, "../.."),
      dir: state.dir,
      ports: await freePorts(),
      env: { PATH: process.env.PATH, HOME: process.env.HOME, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME },
      keep: false,
      services: [],
      report: silent,
      signal: never,
    });
  });
  afterAll(async () => {
    await servers.stop();
    await state.remove();
  });

  it.each(["nats", "redis", "postgres"] as const)(
    "%s comes back on the same port with every acknowledged write, again and again",
    async (name) => {
      const server = servers.parts.find((part) => part.name === name);
      if (!server?.child) throw new Error(`${name} is not private`);
      const acknowledged: number[] = [];
      let n = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const killed = server.child.pid();
        const store = await whenBack(name, () => opens[name](server.url));
        // One after the other until the connection breaks: the last write is in flight when the server dies.
        for (let going = true; going; ) {
          going = await store.write(n).then(
            () => acknowledged.push(n) > 0,
            () => false,
          );
          if (++n % 50 === 0 && going) server.child.signal("SIGKILL");
        }
        await store.close();
        await whenBack(`another process of ${name}`, async () => {
          const pid = server.child?.pid();
          return pid !== null && pid !== killed ? true : undefined;
        });
        const again = await whenBack(name, () => opens[name](server.url));
        const kept = await again.read();
        await again.close();
        // The write in flight may be stored or not.
        expect(acknowledged.filter((one) => !kept.includes(one))).toEqual([]);
        expect(kept.length - acknowledged.length).toBeLessThanOrEqual(kill + 1);
      }
      expect(server.child.exits()).toBeGreaterThanOrEqual(KILLS);
      expect(acknowledged.length).toBeGreaterThanOrEqual(KILLS * 40);
    },
  );
});
