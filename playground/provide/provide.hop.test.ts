import { once } from "node:events";
import { type AddressInfo, connect as connectTo, createServer, type Server } from "node:net";
import path from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePorts } from "../runner/ports.ts";
import { processStart } from "../runner/state.ts";
import { type TemporaryState, temporaryState } from "../temporary.fixture.ts";
import { silent } from "../terminal/report.ts";
import { databaseUrl, dropDatabases, makeDatabases } from "./databases.ts";
import { withPostgres } from "./postgres.ts";
import { type ProvideOptions, provide, type Servers } from "./provide.ts";

const root = path.resolve(import.meta.dirname, "../..");
/** A client of the NATS server at `url`, as the services make one. */
function natsClient(url: string) {
  const { hostname, port, username, password } = new URL(url);
  return connect({ servers: `${hostname}:${port}`, user: username, pass: password, reconnect: false });
}

const passwordOf = (service: string): string => `password of ${service}`;
/** The server shows no movement. */
const unseen = { signal: new AbortController().signal, hasMoved: async () => false };

/** Starts servers in `dir`, as on a machine without given servers, with `change` to the options. */
async function provideIn(dir: string, change: Partial<ProvideOptions> = {}): Promise<Servers> {
  return provide({
    root,
    dir,
    ports: await freePorts(),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME },
    keep: false,
    services: ["orders"],
    report: silent,
    signal: new AbortController().signal,
    ...change,
  });
}

describe("private servers", () => {
  let state: TemporaryState;
  let dir = "";
  const running: Servers[] = [];
  beforeEach(async () => {
    state = await temporaryState();
    dir = state.dir;
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((servers) => servers.stop()));
    await state.remove();
  });

  async function start(change: Partial<ProvideOptions> = {}): Promise<Servers> {
    const servers = await provideIn(dir, change);
    running.push(servers);
    return servers;
  }

  it("answer with their passwords only, and are gone after the stop", async () => {
    const servers = await start();
    const pids = servers.parts.map(({ child }) => child?.pid() ?? 0);
    expect(new Set(servers.parts.map(({ from }) => from)).has("url")).toBe(false);

    const without = (url: string): string => url.replace(/\/\/.*@/, "//");
    const { host } = new URL(servers.natsUrl);
    await expect(connect({ servers: host, reconnect: false })).rejects.toThrow(/authorization/i);
    const redis = new Redis(without(servers.redisUrl), {
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    redis.on("error", () => {});
    await expect(redis.ping()).rejects.toThrow(/NOAUTH/);
    redis.disconnect();
    await expect(
      withPostgres(servers.postgresUrl.replace(/:[^:]*@/, ":wrong@"), async () => {}),
    ).rejects.toThrow(/password/);

    await servers.stop();
    for (const pid of pids) expect(await processStart(pid)).toBeNull();
  });

  it("keep their data and passwords over a restart, or begin empty", async () => {
    const write = await start();
    await withPostgres(write.postgresUrl, (client) => client.query("CREATE TABLE kept (id int)"));
    await write.stop();

    const again = await start({ keep: true });
    await withPostgres(again.postgresUrl, (client) => client.query("SELECT * FROM kept"));
    expect(again.passwordFor("nats")).toBe(write.passwordFor("nats"));
    await again.stop();

    const empty = await start();
    await expect(
      withPostgres(empty.postgresUrl, (client) => client.query("SELECT * FROM kept")),
    ).rejects.toThrow(/does not exist/);
  });

  it("that are missing are named in one error, and nothing is started", async () => {
    const nowhere = { root: dir, env: { PATH: path.join(dir, "empty"), HOME: dir } };
    const failing = start(nowhere);
    await expect(failing).rejects.toMatchObject({ code: "server_missing" });
    await expect(failing).rejects.toThrow(
      /nats-server 2\.9\.10 or later, redis-server 7\.0 or later, Postgres 14 or later/,
    );
  });
});

/** Uses its own servers: what is wiped here must not belong to another test. */
describe("servers that are given by their addresses", () => {
  let state: TemporaryState;
  let dir = "";
  let theirs: Servers;
  let given: Record<"BATON_NATS_URL" | "BATON_REDIS_URL" | "BATON_POSTGRES_URL", string>;
  beforeAll(async () => {
    state = await temporaryState();
    dir = state.dir;
    theirs = await provideIn(path.join(dir, "theirs"));
    given = {
      BATON_NATS_URL: theirs.natsUrl,
      BATON_REDIS_URL: theirs.redisUrl,
      BATON_POSTGRES_URL: theirs.postgresUrl,
    };
  });
  afterAll(async () => {
    await theirs.stop();
    await state.remove();
  });

  it("are used, checked, and left running", async () => {
    const servers = await provideIn(dir, { env: given });
    expect(servers.parts.map(({ from, child }) => [from, child])).toEqual(Array(3).fill(["url", null]));
    await servers.stop();
    await withPostgres(theirs.postgresUrl, (client) => client.query("SELECT 1"));
  });

  it("lose Baton's data on a fresh start, and nothing else", async () => {
    const nats = await natsClient(theirs.natsUrl);
    const redis = new Redis(theirs.redisUrl);
    const { streams } = await jetstreamManager(nats);
    try {
      await withPostgres(theirs.postgresUrl, async (client) => {
        await client.query("DROP DATABASE IF EXISTS strangers");
        await client.query("CREATE DATABASE strangers");
      });
      await makeDatabases(theirs.postgresUrl, ["orders"], () => "x", unseen);
      await streams.add({ name: "BATON_PROVIDE_TEST", subjects: ["baton-provide-test"] });
      await streams.add({ name: "STRANGERS", subjects: ["strangers"] });
      await jetstream(nats).publish("strangers", "hello");
      await redis.mset("baton:ours", "1", "strangers:key", "1");

      await provideIn(dir, { env: given });

      await expect(streams.info("BATON_PROVIDE_TEST")).rejects.toThrow(/not found/);
      expect((await streams.info("STRANGERS")).state.messages).toBe(1);
      expect(await redis.exists("baton:ours")).toBe(0);
      expect(await redis.exists("strangers:key")).toBe(1);
      const databases = await withPostgres(theirs.postgresUrl, (client) =>
        client.query("SELECT datname FROM pg_database WHERE datname IN ('baton_orders', 'strangers')"),
      );
      expect(databases.rows).toEqual([{ datname: "strangers" }]);
    } finally {
      await streams.delete("STRANGERS");
      await redis.del("strangers:key");
      redis.disconnect();
      await nats.close();
      await withPostgres(theirs.postgresUrl, (client) => client.query("DROP DATABASE strangers"));
    }
  });

  it("are mixed with private ones: a server without an address is taken from the PATH first", async () => {
    const nats = theirs.parts.find(({ name }) => name === "nats");
    const folder = path.dirname(nats?.child?.spec.command ?? "");
    const env = { ...given, BATON_NATS_URL: "", PATH: `${folder}:/usr/bin:/bin`, HOME: dir };
    const servers = await provideIn(path.join(dir, "mixed"), { env });
    expect(servers.parts.map(({ from }) => from)).toEqual(["PATH", "url", "url"]);
    await servers.stop();
  });

  it.each(["BATON_NATS_URL", "BATON_REDIS_URL", "BATON_POSTGRES_URL"] as const)(
    "are refused when nothing answers at %s",
    async (name) => {
      const away = new URL(given[name]);
      away.port = String((await freePorts()).gateway);
      const failing = provideIn(dir, { env: { ...given, [name]: away.toString() } });
      await expect(failing).rejects.toMatchObject({
        code: "server_unfit",
        message: expect.stringContaining(name),
      });
    },
  );

  it("hold a database for each service, which cannot enter another's", async () => {
    const names = ["provide_test_one", "provide_test_two"];
    const [one, two] = await makeDatabases(theirs.postgresUrl, names, passwordOf, unseen);
    if (!one || !two) throw new Error("not made");
    try {
      await withPostgres(one.url, (client) => client.query("CREATE TABLE mine (id int)"));
      const trespass = new URL(one.url);
      trespass.pathname = new URL(two.url).pathname;
      await expect(withPostgres(trespass.toString(), async () => {})).rejects.toThrow(/permission denied/);
      // A second start keeps what is there.
      await makeDatabases(theirs.postgresUrl, names, passwordOf, unseen);
      await withPostgres(one.url, (client) => client.query("SELECT * FROM mine"));
    } finally {
      await dropDatabases(theirs.postgresUrl, names);
    }
  });
  describe("that hold no database for a service yet", () => {
    /** A proxy that cuts the first `most` connections and lets later ones through. */
    async function cutting(most: number): Promise<{ url: string; server: Server }> {
      let cut = 0;
      const { hostname, port } = new URL(theirs.postgresUrl);
      const server = createServer((near) => {
        if (cut++ < most) return void near.destroy();
        const to = connectTo(Number(port), hostname);
        for (const socket of [near, to]) socket.on("error", () => {});
        near.pipe(to).pipe(near);
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const through = new URL(theirs.postgresUrl);
      through.port = String((server.address() as AddressInfo).port);
      return { url: through.toString(), server };
    }
    const names = ["provide_test_cut_one", "provide_test_cut_two"];
    const soon = { ...unseen, bounds: { stillMs: 100, mostMs: 600_000, askEveryMs: 10 } };

    it("get one after many cut connections", async () => {
      const { url, server } = await cutting(20);
      try {
        const made = await makeDatabases(url, names, passwordOf, { ...soon, hasMoved: async () => true });
        expect(made.map(({ service }) => service)).toEqual(names);
        for (const name of names) {
          const own = databaseUrl(theirs.postgresUrl, name, passwordOf(name));
          await withPostgres(own, (client) => client.query("CREATE TABLE mine (id int)"));
        }
      } finally {
        server.close();
        await dropDatabases(theirs.postgresUrl, names);
      }
    });

    it("are reported when they take no connection and nothing moves", async () => {
      const { url, server } = await cutting(Number.POSITIVE_INFINITY);
      try {
        const failing = makeDatabases(url, names, passwordOf, soon);
        await expect(failing).rejects.toMatchObject({ code: "server_unfit" });
        await expect(failing).rejects.toThrow(/no connection and nothing has moved for 0\.1 s: .*terminated/);
      } finally {
        server.close();
      }
    });

    it("are reported at once when they refuse it", async () => {
      const wrong = theirs.postgresUrl.replace(/:[^:]*@/, ":wrong@");
      await expect(makeDatabases(wrong, names, passwordOf, unseen)).rejects.toThrow(
        /could not be made: password/,
      );
    });
  });
});
