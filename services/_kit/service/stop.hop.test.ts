/** Stopping a replica while its work is under way: what is not done in time is somebody else's at once. */
import { Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import { type Event, subscribe } from "../events/consumer.ts";
import { inboxSchema, once } from "../events/inbox.ts";
import {
  connectNats,
  EVENTS_STREAM,
  ensureStreams,
  eventStream,
  type Nats,
} from "../events/nats/jetstream.ts";
import { subscribeInOrder } from "../events/ordered.ts";
import { connectRedis, jobQueue, PREFIX } from "../jobs/queue.ts";
import { startWorker } from "../jobs/worker.ts";

let redis: Redis;
let nats: Nats;
let db: Database;

beforeAll(async () => {
  redis = connectRedis(inject("redisUrl"));
  nats = await connectNats(inject("natsUrl"), "stop-test");
  await ensureStreams(nats);
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), [inboxSchema], quiet);
  await db.query("CREATE TABLE effects (id text NOT NULL)");
});
afterAll(async () => {
  redis.disconnect();
  await Promise.all([nats.close(), db.close()]);
});

/** Work with an effect that the first replica cannot end before it is let go, in the middle of its transaction. */
function heldWork() {
  const letGo = Promise.withResolvers<void>();
  const begun: string[] = [];
  const ended: { who: string; had: boolean }[] = [];
  const handle = (who: string) => async (work: { readonly id: string }) => {
    begun.push(who);
    const done = await once(db, "stop", work.id, async (tx) => {
      await tx.query("INSERT INTO effects (id) VALUES ($1)", [work.id]);
      if (who === "first") await letGo.promise;
      return true;
    });
    ended.push({ who, had: done === true });
  };
  return { letGo, begun, ended, handle };
}
const effectsOf = async (id: string) =>
  (await db.query("SELECT 1 FROM effects WHERE id = $1", [id])).rows.length;

/** What the server would wait for a word: far longer than a test may take, so that it is not this that helps. */
const ackWaitMs = 60_000;
const options = () => ({ nats, mode: "link", log: quiet }) as const;

for (const kind of ["unordered", "ordered"] as const) {
  test(`an ${kind} consumer that stops gives a message that takes too long to another replica; the effect is there once`, async () => {
    const [type, group] = [uniqueName("Held"), uniqueName("stop")];
    const { letGo, begun, ended, handle } = heldWork();
    const start = (who: string) => {
      const own: (event: Event) => Promise<void> = handle(who);
      return kind === "ordered"
        ? subscribeInOrder({ group, handlers: { [type]: own }, ackWaitMs }, options())
        : subscribe({ group, type, handle: own, ackWaitMs }, options());
    };
    const first = await start("first");
    const event = { subject: `events.p0.${type}`, eventId: `e-${type}`, carrier: {}, payload: {} };
    await eventStream(nats).publish({ ...event, createdMs: Date.now(), sentMs: Date.now() });
    await eventually("the first to be at work", () => (begun.length === 1 ? true : undefined));
    await first.stop();
    expect(ended).toEqual([]);
    const second = await start("second");
    await eventually("the second to have it", () => (begun.length === 2 ? true : undefined));
    // The first one's process is still there, and its transaction commits after all.
    letGo.resolve();
    await eventually("both to be done", () => (ended.length === 2 ? true : undefined));
    await eventually("the second one's word to arrive", async () => {
      const durable = kind === "ordered" ? `${group}-p0` : `${group}-${type}`;
      const { num_ack_pending } = await nats.manager.consumers.info(EVENTS_STREAM, durable);
      return num_ack_pending === 0 ? true : undefined;
    });
    await second.stop();
    expect(begun).toEqual(["first", "second"]);
    expect(ended.filter(({ had }) => had)).toHaveLength(1);
    expect(await effectsOf(`e-${type}`)).toBe(1);
  });
}

test("a worker that stops puts a job that takes too long back into the queue; the effect is there once", async () => {
  const queue = jobQueue(uniqueName("stop"), redis);
  const raw = new Queue(queue.name, { connection: redis, prefix: PREFIX });
  const { letGo, begun, ended, handle } = heldWork();
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
  expect(job?.stalledCounter, "it was handed over, not found").toBe(0);
  letGo.resolve();
  await eventually("it to be completed", async () =>
    (await raw.getCompletedCount()) === 1 ? true : undefined,
  );
  await second.stop();
  expect(begun).toEqual(["first", "second"]);
  expect(ended.filter(({ had }) => had)).toHaveLength(1);
  expect(await effectsOf(id)).toBe(1);
  await raw.close();
  await queue.close();
});

test("a limited worker starts no more jobs a second than it may", async () => {
  const queue = jobQueue(uniqueName("limited"), redis);
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
  // Two at once, two after one second, two after another: being slow can only make it more.
  expect((startedMs.at(-1) ?? 0) - first).toBeGreaterThan(1_900);
  await worker.stop();
  await queue.close();
});
