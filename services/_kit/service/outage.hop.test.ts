/** The database is away for longer than all attempts take: nothing is given up, and each effect is there once. */
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { edges, inRequest, startTestTelemetry } from "../../../tests/telemetry.ts";
import { type Cable, cableTo } from "../database/cable.fixture.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import { type Event, subscribe } from "../events/consumer.ts";
import { lettersWhere } from "../events/dead-letters.fixture.ts";
import { inboxSchema, once } from "../events/inbox.ts";
import { connectNats, ensureStreams, eventStream, type Nats } from "../events/nats/jetstream.ts";
import { subscribeInOrder } from "../events/ordered.ts";
import { connectRedis, jobQueue, PREFIX } from "../jobs/queue.ts";
import { type JobDelivery, startWorker } from "../jobs/worker.ts";

const telemetry = startTestTelemetry();
let cable: Cable;
let nats: Nats;
let redis: Redis;
let db: Database;
/** The same database without the cable: what is really there. */
let direct: Database;
/** Aborted when the replica that uses `db` is to stop. */
let stopping: AbortController;

beforeAll(async () => {
  nats = await connectNats(inject("natsUrl"), "outage-test");
  await ensureStreams(nats);
  redis = connectRedis(inject("redisUrl"));
  const url = await freshDatabase(inject("postgresUrl"));
  cable = await cableTo(url);
  direct = await openDatabase(url, [inboxSchema], quiet);
  await direct.query("CREATE TABLE effects (id text NOT NULL UNIQUE)");
});
beforeEach(async () => {
  await cable.pull();
  await cable.putBack();
  stopping = new AbortController();
  db = await openDatabase(cable.url, [], quiet, { signal: stopping.signal });
  return () => db.close();
});
afterAll(async () => {
  await Promise.all([nats.close(), direct.close(), cable.pull()]);
  redis.disconnect();
  await telemetry.stop();
});

const effectsOf = async (id: string) =>
  (await direct.query("SELECT 1 FROM effects WHERE id = $1", [id])).rows.length;

/** Has its effect in the database, and counts how often it has begun. */
function working(over = () => db) {
  const begun: string[] = [];
  const handle = async ({ id }: { readonly id: string }) => {
    begun.push(id);
    await once(over(), "outage", id, async (tx) => {
      await tx.query("INSERT INTO effects (id) VALUES ($1)", [id]);
    });
  };
  return { begun, handle };
}

const publish = (type: string) =>
  inRequest({ "correlation.id": "c-1" }, async () => {
    const event = { subject: `events.p0.${type}`, eventId: `e-${type}`, carrier: {}, payload: {} };
    await eventStream(nats).publish({ ...event, createdMs: Date.now(), sentMs: Date.now() });
    return event.eventId;
  });

describe("the database", () => {
  test("that is away is `unavailable` for a query and a transaction, until it is back", async () => {
    await cable.pull();
    const tries = [() => db.query("SELECT 1"), () => db.transaction((tx) => tx.query("SELECT 1"))];
    for (const attempt of tries) {
      const error = await attempt().catch((thrown) => thrown);
      expect(error).toMatchObject({ name: "AppError", code: "unavailable" });
      expect(error.message).toBe("the database does not answer");
    }
    const { over } = await db.query("SELECT 1").catch((thrown) => thrown);
    let isOver = false;
    const ended = over().then(() => {
      isOver = true;
    });
    await expect(db.query("SELECT 1")).rejects.toThrow("does not answer");
    expect(isOver).toBe(false);
    await cable.putBack();
    await ended;
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  test("that goes away inside a transaction is `unavailable` for it", async () => {
    const going = db.transaction(async (tx) => {
      await tx.query("INSERT INTO effects (id) VALUES ('half')");
      await cable.pull();
      await tx.query("SELECT 1");
    });
    await expect(going).rejects.toMatchObject({ code: "unavailable" });
    expect(await effectsOf("half")).toBe(0);
  });

  test("that ends a connection in the middle of a query is `unavailable` for it", async () => {
    const ended = await db.query("SELECT pg_terminate_backend(pg_backend_pid())").catch((thrown) => thrown);
    expect(ended).toMatchObject({ code: "unavailable", cause: { code: "57P01" } });
  });

  test("that refuses a statement is not away", async () => {
    const refused = await db.query("SELECT no_such_column").catch((thrown) => thrown);
    expect(refused.name).not.toBe("AppError");
    expect(refused.message).toContain("no_such_column");
  });

  test("is not away when a transaction cannot reach something else", async () => {
    const elsewhere = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const failed = await db.transaction(() => Promise.reject(elsewhere)).catch((thrown) => thrown);
    expect(failed).toBe(elsewhere);
  });

  test("that has no connection to give is `unavailable`, too", async () => {
    const small = await openDatabase(cable.url, [], quiet, { poolSize: 1, connectWithinMs: 100 });
    await small.transaction(async () => {
      await expect(small.query("SELECT 1")).rejects.toMatchObject({ code: "unavailable" });
    });
    await small.close();
  });
});

describe("at a start", () => {
  /** A log, and a wait until it says that `what` is waited for. */
  const listening = () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
    const said = (what: string) =>
      eventually(
        `"waiting for ${what}" in the log`,
        () => lines.includes(`waiting for ${what}`) || undefined,
      );
    return { log, said };
  };

  test("a database that is not there yet is waited for, and that is said", async () => {
    const { log, said } = listening();
    await cable.pull();
    const opening = openDatabase(cable.url, [], log);
    await said("the database");
    await cable.putBack();
    const late = await opening;
    expect((await late.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await late.close();
  });

  test("a NATS that is not there yet is waited for, and that is said; without a log it is an error at once", async () => {
    const { log, said } = listening();
    const toNats = await cableTo(inject("natsUrl"));
    await toNats.pull();
    await expect(connectNats(toNats.url, "outage-test")).rejects.toThrow("refused");
    const connecting = connectNats(toNats.url, "outage-test", log);
    await said("NATS");
    await toNats.putBack();
    const late = await connecting;
    await late.ready();
    await late.close();
    await toNats.pull();
  });
});

for (const kind of ["unordered", "ordered"] as const) {
  const start = (type: string, group: string, handle: (event: Event) => Promise<void>) => {
    const options = { nats, mode: "parent+link", log: quiet } as const;
    return kind === "ordered"
      ? subscribeInOrder({ group, handlers: { [type]: handle } }, options)
      : subscribe({ group, type, handle }, options);
  };

  test(`a message of an ${kind} consumer waits in hand: a second attempt, and the server delivers once`, async () => {
    const [type, group] = [uniqueName("Away"), uniqueName("outage")];
    const { begun, handle } = working();
    const consumer = await start(type, group, handle);
    await cable.pull();
    const id = await publish(type);
    const failed = await telemetry.one(`process events.${type}`);
    expect(failed.attributes).toMatchObject({ "error.type": "unavailable", "baton.delivery.attempt": 1 });
    await cable.putBack();
    const [, done] = await telemetry.ended(`process events.${type}`, 2);
    expect(done?.attributes).toMatchObject({ "baton.delivery.outcome": "ack", "baton.delivery.attempt": 2 });
    expect(done && edges(done).links).toContainEqual([failed.spanContext().spanId, "previous_attempt"]);
    expect(await effectsOf(id)).toBe(1);
    expect(begun).toEqual([id, id]);
    // What the server delivers again has lain in the stream.
    expect(failed.attributes).toHaveProperty(["baton.wait.stream"]);
    expect(done?.attributes).not.toHaveProperty(["baton.wait.stream"]);
    await consumer.stop();
  });

  test(`a message of an ${kind} consumer that stops meanwhile is somebody else's`, async () => {
    const [type, group] = [uniqueName("Stopped"), uniqueName("outage")];
    const first = working();
    const consumer = await start(type, group, first.handle);
    await cable.pull();
    const id = await publish(type);
    await telemetry.one(`process events.${type}`);
    stopping.abort();
    await consumer.stop();
    const second = working(() => direct);
    const other = await start(type, group, second.handle);
    await eventually("the other to have it", async () => ((await effectsOf(id)) === 1 ? true : undefined));
    expect(first.begun).toEqual([id]);
    expect(await lettersWhere(nats, (letter) => letter.group === group)).toEqual([]);
    await other.stop();
  });
}

describe("a job", () => {
  function aQueue() {
    const queue = jobQueue(uniqueName("q"), redis);
    const raw = new Queue(queue.name, { connection: redis, prefix: PREFIX });
    const work = (handle: (job: JobDelivery) => Promise<void>) =>
      startWorker({ queue: queue.name, redis, nats, mode: "parent", log: quiet, handlers: { work: handle } });
    const close = () => Promise.all([queue.close(), raw.close()]);
    /** Its only attempt. */
    const add = async (id: string) => {
      await raw.add("work", { carrier: {}, createdMs: Date.now(), payload: {} }, { jobId: id, attempts: 1 });
    };
    return { queue, raw, work, add, close };
  }

  test("waits in hand, and that uses up none of its attempts", async () => {
    const { queue, raw, work, add, close } = aQueue();
    const { begun, handle } = working();
    const worker = await work(handle);
    await cable.pull();
    const id = uniqueName("job");
    await add(id);
    const failed = await telemetry.one(`process ${queue.name}.work`);
    expect(failed.attributes["error.type"]).toBe("unavailable");
    await cable.putBack();
    await eventually("the job to be done", async () => (await raw.getCompletedCount()) === 1 || undefined);
    expect(begun).toEqual([id, id]);
    expect(await effectsOf(id)).toBe(1);
    await worker.stop();
    await close();
  });

  test("of a worker that stops meanwhile is somebody else's, and has used up no attempt", async () => {
    const { queue, raw, work, add, close } = aQueue();
    const first = working();
    const worker = await work(first.handle);
    await cable.pull();
    const id = uniqueName("job");
    await add(id);
    await telemetry.one(`process ${queue.name}.work`);
    stopping.abort();
    await eventually(
      "the job to be given back",
      async () => (await raw.getDelayedCount()) === 1 || undefined,
    );
    await worker.stop();
    const second = working(() => direct);
    const other = await work(second.handle);
    await eventually("the job to be done", async () => (await raw.getCompletedCount()) === 1 || undefined);
    expect(second.begun).toEqual([id]);
    expect(await effectsOf(id)).toBe(1);
    await other.stop();
    await close();
  });
});
