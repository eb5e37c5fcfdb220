/** The database is away for longer than all of a job's attempts take: no dead letter, and the effect is there once. */
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { startTestTelemetry } from "../../../tests/telemetry.ts";
import { type Cable, cableTo } from "../database/cable.fixture.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import type { Broker } from "../events/broker.ts";
import { inboxSchema, once } from "../events/inbox.ts";
import { natsUnderTest } from "../events/nats/nats.fixture.ts";
import { connectRedis, jobQueue, type NewJob, PREFIX } from "./queue.ts";
import { type JobDelivery, startWorker } from "./worker.ts";

const telemetry = startTestTelemetry();
let cable: Cable;
let broker: Broker;
let redis: Redis;
let db: Database;
/** The same database without the cable, to see what is really stored. */
let direct: Database;
/** Ends all waiting on `db`. */
let stopping: AbortController;

beforeAll(async () => {
  broker = await natsUnderTest.open();
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
  await Promise.all([broker.close(), direct.close(), cable.pull()]);
  redis.disconnect();
  await telemetry.stop();
});

const effectsOf = async (id: string) =>
  (await direct.query("SELECT 1 FROM effects WHERE id = $1", [id])).rows.length;

/** A handler with an effect in the database; `begun` has an entry for each call. */
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

describe("a job", () => {
  function aQueue() {
    const queue = jobQueue<NewJob>(uniqueName("q"), redis);
    const raw = new Queue(queue.name, { connection: redis, prefix: PREFIX });
    const work = (handle: (job: JobDelivery) => Promise<void>) =>
      startWorker({
        queue: queue.name,
        redis,
        broker,
        mode: "parent",
        log: quiet,
        handlers: { work: handle },
      });
    const close = () => Promise.all([queue.close(), raw.close()]);
    /** Adds a job that has only one attempt. */
    const add = async (id: string) => {
      await raw.add("work", { carrier: {}, createdMs: Date.now(), payload: {} }, { jobId: id, attempts: 1 });
    };
    return { queue, raw, work, add, close };
  }

  test("waits in hand, which uses up none of its attempts", async () => {
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

  test("of a worker that stops meanwhile goes to another worker, and has used up no attempt", async () => {
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
