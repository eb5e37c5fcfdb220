/** A worker that stops while its job is under way, and a worker with a rate limit. */
import { Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import type { Broker } from "../events/broker.ts";
import { effectsOf, heldWork } from "../events/cases/held-work.fixture.ts";
import { inboxSchema } from "../events/inbox.ts";
import { natsUnderTest } from "../events/nats/nats.fixture.ts";
import { connectRedis, jobQueue, type NewJob, PREFIX } from "./queue.ts";
import { startWorker } from "./worker.ts";

let redis: Redis;
let broker: Broker;
let db: Database;

beforeAll(async () => {
  redis = connectRedis(inject("redisUrl"));
  broker = await natsUnderTest.open();
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), [inboxSchema], quiet);
  await db.query("CREATE TABLE effects (id text NOT NULL)");
});
afterAll(async () => {
  redis.disconnect();
  await Promise.all([broker.close(), db.close()]);
});

const options = () => ({ broker, mode: "link", log: quiet }) as const;

test("a worker that stops puts a job that takes too long back into the queue, with one effect", async () => {
  const queue = jobQueue<NewJob>(uniqueName("stop"), redis);
  const raw = new Queue(queue.name, { connection: redis, prefix: PREFIX });
  const { letGo, begun, ended, handle } = heldWork(db);
  const start = (who: string) =>
    startWorker({ queue: queue.name, redis, ...options(), handlers: { work: handle(who) } });
  const first = await start("first");
  const id = `work-${queue.name}`;
  await queue.add({ name: "work", id, payload: {} });
  await eventually("the first to be at work", () => (begun.length === 1 ? true : undefined));
  await first.stop();
  expect(ended).toEqual([]);
  const second = await start("second");
  await eventually("the second to have it", () => (begun.length === 2 ? true : undefined));
  const job = await Job.fromId(raw, id);
  expect(job?.stalledCounter, "it was put back, and did not stall").toBe(0);
  letGo.resolve();
  await eventually("it to be completed", async () =>
    (await raw.getCompletedCount()) === 1 ? true : undefined,
  );
  await second.stop();
  expect(begun).toEqual(["first", "second"]);
  expect(ended.filter(({ had }) => had)).toHaveLength(1);
  expect(await effectsOf(db, id)).toBe(1);
  await raw.close();
  await queue.close();
});

test("a worker with a rate limit starts no more jobs a second than that", async () => {
  const queue = jobQueue<NewJob>(uniqueName("limited"), redis);
  const startedMs: number[] = [];
  for (let n = 0; n < 6; n += 1) await queue.add({ name: "work", id: `work-${n}`, payload: {} });
  const work = async () => {
    startedMs.push(performance.now());
  };
  const worker = await startWorker({
    queue: queue.name,
    redis,
    ...options(),
    perSecond: 2,
    handlers: { work },
  });
  await eventually("all six", () => (startedMs.length === 6 ? true : undefined));
  const [first = 0] = startedMs;
  // Two at once, two after a second, two after another second. A slow machine can only make it longer.
  expect((startedMs.at(-1) ?? 0) - first).toBeGreaterThan(1_900);
  await worker.stop();
  await queue.close();
});
