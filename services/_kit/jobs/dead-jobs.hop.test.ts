import { Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { edges, inRequest, startTestTelemetry } from "../../../tests/telemetry.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import type { Broker } from "../events/broker.ts";
import { inboxSchema, once } from "../events/inbox.ts";
import { lettersWhere } from "../events/letters/dead-letters.fixture.ts";
import { redrive } from "../events/letters/redrive.ts";
import { natsUnderTest } from "../events/nats/nats.fixture.ts";
import { AppError } from "../process/errors.ts";
import { correlationId } from "../telemetry/correlation.ts";
import { faultAt } from "../telemetry/faults.ts";
import { DeadJobs } from "./dead-jobs.ts";
import { connectRedis, jobQueue, type NewJob, PREFIX } from "./queue.ts";
import { type JobDelivery, type RunningWorker, startWorker } from "./worker.ts";

const telemetry = startTestTelemetry();
const workers: RunningWorker[] = [];
const release: (() => Promise<void>)[] = [];
let redis: Redis;
let broker: Broker;
let db: Database;

beforeAll(async () => {
  redis = connectRedis(inject("redisUrl"));
  broker = await natsUnderTest.open();
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), [inboxSchema], quiet);
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await Promise.all(release.map((free) => free()));
  await Promise.all([broker.close(), db.close()]);
  redis.disconnect();
  await telemetry.stop();
});

type Handlers = Record<string, (job: JobDelivery) => Promise<void>>;

function aQueue() {
  const queue = jobQueue<NewJob>(uniqueName("q"), redis);
  const raw = new Queue(queue.name, { connection: redis, prefix: PREFIX });
  release.push(
    () => queue.close(),
    () => raw.close(),
  );
  const work = async (handlers: Handlers, on = broker) => {
    const worker = await startWorker({
      queue: queue.name,
      redis,
      broker: on,
      mode: "parent+link",
      log: quiet,
      handlers,
    });
    workers.push(worker);
    return worker;
  };
  const letters = () => lettersWhere(broker, ({ group }) => group === queue.name);
  const letter = (redriven = 0) =>
    eventually(`the dead letter, redriven ${redriven} times`, async () =>
      (await letters()).find((one) => one.redriven === redriven),
    );
  return { queue, raw, work, letters, letter };
}

const inRequestOf = <T>(work: () => Promise<T>) =>
  inRequest({ "correlation.id": "c-1", fault: "test.point:fail*9" }, work);

test("a job that no retry can help becomes a dead letter with its reason; redriven it is a new root with its first id, without the fault", async () => {
  const { queue, work, letter, letters } = aQueue();
  const seen: unknown[] = [];
  await work({
    work: async ({ id, payload }) => {
      const fault = faultAt("test.point");
      seen.push([id, payload, correlationId(), fault?.kind]);
      if (fault) throw new AppError("invalid", "as asked\nfor", { reason: "asked_for" });
    },
  });
  const id = `work-${queue.name}`;
  await inRequestOf(() => queue.add({ name: "work", id, payload: { orderId: "o-1" } }));
  const dead = await letter();
  expect(dead).toMatchObject({
    id: `job:${queue.name}:${id}`,
    consumer: `job.${queue.name}`,
    type: "work",
    reason: "asked_for",
    detail: "as asked for",
    attempts: 1,
    redriven: 0,
    head: { eventId: id },
  });
  await redrive(broker, dead);
  await eventually("the redrive", () => (seen.length === 2 ? true : undefined));
  expect(seen).toEqual([
    [id, { orderId: "o-1" }, "c-1", "fail"],
    [id, { orderId: "o-1" }, "c-1", undefined],
  ]);
  expect(await letters()).toEqual([]);
  const [first, again] = await telemetry.ended(`process ${queue.name}.work`, 2);
  const creation = await telemetry.one(`send ${queue.name}.work`);
  expect(again && edges(again)).toEqual({
    parent: undefined,
    links: [
      [creation.spanContext().spanId, "creation"],
      [first?.spanContext().spanId, "previous_attempt"],
    ],
  });
  expect(again?.attributes["messaging.message.id"]).toBe(`${id}-redrive-1`);
});

test("in a failed flow only the root cause is a dead letter; its redrive brings back the jobs that waited for it, each effect once", async () => {
  const { queue, work, letter, letters, raw } = aQueue();
  let broken = true;
  const effects: string[] = [];
  const step = (name: string) => async (job: JobDelivery) => {
    if (name === "pack" && broken) throw new AppError("invalid", "no box");
    await once(db, queue.name, job.id, async () => effects.push(job.id));
  };
  await work({ pick: step("pick"), pack: step("pack"), ship: step("ship") });
  const job = (name: string) => ({ name, id: `${name}-1`, payload: {} });
  await inRequestOf(() =>
    queue.addFlow({ ...job("ship"), children: [{ ...job("pack"), children: [job("pick")] }] }),
  );
  await eventually("the whole flow to fail", async () =>
    (await raw.getFailedCount()) === 2 ? true : undefined,
  );
  const dead = await letter();
  expect(dead).toMatchObject({ type: "pack", reason: "invalid", detail: "no box" });

  await redrive(broker, dead);
  const twice = await letter(1);
  expect(twice.id).toBe(`job:${queue.name}:pack-1-redrive-1`);
  expect(await letters()).toHaveLength(1);
  broken = false;
  await redrive(broker, twice);
  // As if the redrive had been cut off before it removed the letter.
  await redrive(broker, twice);
  await eventually("the shipment", () => (effects.includes("ship-1") ? true : undefined));
  expect(effects).toEqual(["pick-1", "pack-1", "ship-1"]);
  expect(await letters()).toEqual([]);
});

test("a job that failed while NATS was away, or whose worker died, is found by the next sweep; none is a dead letter twice", async () => {
  const { queue, work, letters, raw } = aQueue();
  const away = await natsUnderTest.open();
  const handlers = {
    work: async () => {
      throw new AppError("invalid", "never");
    },
  };
  const worker = await work(handlers, away);
  await away.close();
  await queue.add({ name: "work", id: "work-1", payload: {} });
  await eventually("it to fail", async () => ((await raw.getFailedCount()) === 1 ? true : undefined));
  await worker.stop();
  expect(await letters()).toEqual([]);

  const dead = new DeadJobs({ queue: raw, redis, broker, log: quiet });
  await dead.sweep();
  expect(await letters()).toMatchObject([{ id: `job:${queue.name}:work-1`, reason: "invalid" }]);
  const [letter] = await letters();
  if (letter) await broker.remove(letter.place);
  await dead.sweep();
  await work(handlers);
  await queue.add({ name: "work", id: "work-2", payload: {} });
  await eventually("the other one", async () => ((await letters()).length > 0 ? true : undefined));
  expect(await letters()).toMatchObject([{ id: `job:${queue.name}:work-2` }]);
});

test("a job whose workers are lost too often is a dead letter too", async () => {
  const { queue, work, letter, raw } = aQueue();
  await queue.add({ name: "work", id: "work-1", payload: {} });
  // As BullMQ leaves a job that stalled too often.
  await redis.hset(raw.toKey("work-1"), "defa", "job stalled more than allowable limit");
  await work({ work: async () => {} });
  expect(await letter()).toMatchObject({ reason: "stalled", attempts: 1 });
});

test("a job too large for a message becomes a dead letter without data, and is redriven from its queue", async () => {
  const { queue, work, letter } = aQueue();
  let broken = true;
  const sizes: number[] = [];
  await work({
    work: async ({ payload }) => {
      if (broken) throw new AppError("invalid", "not yet");
      sizes.push((payload as { text: string }).text.length);
    },
  });
  await queue.add({ name: "work", id: "work-1", payload: { text: "x".repeat(1_500_000) } });
  const dead = await letter();
  expect(dead.data).toBeUndefined();
  broken = false;
  await redrive(broker, dead);
  await eventually("the redrive", () => (sizes.length > 0 ? true : undefined));
  expect(sizes).toEqual([1_500_000]);
});

test("a job without an envelope, or of an unknown name, is a dead letter that says so", async () => {
  const { queue, work, letters, raw } = aQueue();
  await raw.add("constructor", { carrier: {}, createdMs: 1, payload: {} }, { jobId: "unknown" });
  await raw.add("work", null, { jobId: "empty" });
  await raw.add("work", { carrier: null, createdMs: 1, payload: {} }, { jobId: "bare" });
  await work({ work: async () => {} });
  const found = await eventually("three dead letters", async () => {
    const all = await letters();
    return all.length === 3 ? all : undefined;
  });
  expect(found.map(({ id, reason }) => [id.split(":")[2], reason]).toSorted()).toEqual([
    ["bare", "malformed"],
    ["empty", "malformed"],
    ["unknown", "invalid"],
  ]);
  expect(telemetry.find(`process ${queue.name}._OTHER`)).toHaveLength(1);
  expect((await Job.fromId(raw, "bare"))?.attemptsMade, "it is not retried").toBe(1);
});
