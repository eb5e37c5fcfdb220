import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import { eventsOf, subscribe } from "../events/consumer.ts";
import { type Unwatch, watchConsumers, watchOutbox, watchStreams } from "../events/gauges.ts";
import { takeFrom } from "../events/nats/durable.ts";
import { connectNats, ensureStreams, eventStream, type Nats } from "../events/nats/jetstream.ts";
import { orderedDurables, subscribeInOrder } from "../events/ordered.ts";
import { append, outboxSchema } from "../events/outbox.ts";
import { drain } from "../events/relay.ts";
import { watchQueue } from "../jobs/gauges.ts";
import { connectRedis, jobQueue } from "../jobs/queue.ts";
import { startWorker } from "../jobs/worker.ts";
import { AppError } from "../process/errors.ts";

const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const provider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 3_600_000 })],
});
metrics.setGlobalMeterProvider(provider);
let db: Database;
let nats: Nats;
const redis = connectRedis(inject("redisUrl"));

beforeAll(async () => {
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), [outboxSchema], quiet);
  nats = await connectNats(inject("natsUrl"), "gauges-test");
  await ensureStreams(nats);
});
afterAll(async () => {
  await provider.shutdown();
  await nats.close();
  await db.close();
  redis.disconnect();
});

/** Runs `look` with the gauges on, and off again afterwards. */
async function watching(unwatch: Unwatch, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } finally {
    await unwatch();
  }
}

/** Collects once; the values of a gauge, by one of its attributes. */
async function values(name: string, attribute = ""): Promise<Record<string, number>> {
  memory.reset();
  await provider.forceFlush();
  const points = memory
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) => dataPoints as DataPoint<number>[]);
  return Object.fromEntries(
    points.map(({ attributes, value }) => [String(attributes[attribute] ?? ""), value]),
  );
}

test("the outbox's unsent rows, those tried before, and the oldest one's age, until they are sent", async () => {
  await watching(watchOutbox(db), async () => {
    expect(await values("baton.outbox.unsent")).toEqual({ "": 0 });
    expect(await values("baton.outbox.age")).toEqual({ "": 0 });
    for (const key of ["ann", "bob"]) {
      await db.transaction((tx) => append(tx, { type: uniqueName("Counted"), key, payload: {} }));
    }
    await db.query(
      "UPDATE outbox SET created_ms = created_ms - 5000, attempts = 1 WHERE id = (SELECT min(id) FROM outbox)",
    );
    expect(await values("baton.outbox.unsent")).toEqual({ "": 2 });
    expect(await values("baton.outbox.retrying")).toEqual({ "": 1 });
    const { "": age } = await values("baton.outbox.age");
    expect(age).toBeGreaterThanOrEqual(5);
    expect(age).toBeLessThan(60);
    await drain(db, eventStream(nats), "link", quiet, new AbortController().signal);
    expect(await values("baton.outbox.unsent")).toEqual({ "": 0 });
  });
});

/** Publishes an event of `type`. */
const publish = (type: string) =>
  eventStream(nats).publish({
    subject: `events.p0.${type}`,
    eventId: uniqueName("event"),
    carrier: {},
    createdMs: Date.now(),
    sentMs: Date.now(),
    payload: {},
  });

test("a durable's lag, what it has in hand and gives out again, and what it gave up", async () => {
  const [type, group] = [uniqueName("Lagging"), uniqueName("lag")];
  const by = "messaging.destination.subscription.name";
  const durable = `${group}-${type}`;
  const subscription = { group, type, handle: async () => {} };
  const inHand = await takeFrom(nats, eventsOf(subscription), 1);
  await inHand.stop();
  await watching(watchConsumers(nats, [subscription]), async () => {
    await publish(type);
    await publish(type);
    expect(await values("baton.consumer.pending", by)).toEqual({ [durable]: 2 });
    expect(await values("baton.dead_letters", by)).toEqual({ [durable]: 0 });

    const open = Promise.withResolvers<void>();
    let tries = 0;
    const handle = async () => {
      tries += 1;
      if (tries === 1) throw new AppError("unavailable", "once more");
      if (tries === 2) throw new AppError("invalid", "never");
      await open.promise;
    };
    const running = await subscribe(
      { group, type, handle, concurrency: 4 },
      { nats, mode: "link", log: quiet },
    );
    const figure = (name: string, wanted: number) =>
      eventually(`${name} to be ${wanted}`, async () =>
        (await values(name, by))[durable] === wanted ? true : undefined,
      );
    await figure("baton.consumer.redelivered", 1);
    await figure("baton.consumer.ack_pending", 1);
    await figure("baton.dead_letters", 1);
    expect(await values("baton.consumer.pending", by)).toEqual({ [durable]: 0 });
    open.resolve();
    await figure("baton.consumer.ack_pending", 0);
    await running.stop();
  });
});

test("of an ordered consumer each bucket's durable, and what each gave up", async () => {
  const [type, group] = [uniqueName("Ordered"), uniqueName("lag")];
  const by = "messaging.destination.subscription.name";
  const handle = async () => {
    throw new AppError("invalid", "never");
  };
  const subscription = { group, handlers: { [type]: handle } };
  const running = await subscribeInOrder(subscription, { nats, mode: "link", log: quiet });
  await watching(watchConsumers(nats, [subscription]), async () => {
    await publish(type);
    await eventually("its dead letter", async () =>
      (await values("baton.dead_letters", by))[`${group}-p0`] === 1 ? true : undefined,
    );
    for (const name of ["baton.dead_letters", "baton.consumer.pending"]) {
      const durables = Object.keys(await values(name, by)).filter((durable) => durable.startsWith(group));
      expect(durables.toSorted(), name).toEqual(orderedDurables(group));
    }
    expect((await values("baton.dead_letters", by))[`${group}-p1`]).toBe(0);
  });
  await running.stop();
});

test("what a queue gave up", async () => {
  const name = uniqueName("given-up");
  const by = "messaging.destination.subscription.name";
  const queue = jobQueue(name, redis);
  const options = { queue: name, redis, nats, mode: "link", log: quiet } as const;
  const worker = await startWorker({ ...options, handlers: {} });
  await queue.add({ name: "work", id: uniqueName("work"), payload: {} });
  await eventually("its dead letter", async () =>
    (await values("baton.dead_letters", by))[`job.${name}`] === 1 ? true : undefined,
  );
  await worker.stop();
  await queue.close();
});

test("messages and bytes of the streams", async () => {
  await watching(watchStreams(nats), async () => {
    const by = "messaging.destination.name";
    const before = await values("baton.stream.messages", by);
    expect(Object.keys(before).toSorted()).toEqual([
      "BATON_ADVISORIES",
      "BATON_DEAD",
      "BATON_EVENTS",
      "BATON_REDRIVE",
    ]);
    const bytes = (await values("baton.stream.bytes", by)).BATON_EVENTS ?? 0;
    await publish(uniqueName("Stored"));
    expect((await values("baton.stream.messages", by)).BATON_EVENTS).toBeGreaterThan(
      before.BATON_EVENTS ?? 0,
    );
    expect((await values("baton.stream.bytes", by)).BATON_EVENTS).toBeGreaterThan(bytes);
  });
});

test("a queue's jobs by state", async () => {
  const queue = jobQueue(uniqueName("counted"), redis);
  await watching(watchQueue(queue.name, redis), async () => {
    await queue.add({ name: "now", id: uniqueName("now"), payload: {} });
    await queue.add({ name: "later", id: uniqueName("later"), payload: {}, delayMs: 60_000 });
    const child = { name: "child", id: uniqueName("child"), payload: {} };
    await queue.addFlow({ name: "parent", id: uniqueName("parent"), payload: {}, children: [child] });
    expect(await values("baton.queue.jobs", "baton.queue.state")).toEqual({
      wait: 2,
      active: 0,
      delayed: 1,
      prioritized: 0,
      "waiting-children": 1,
      failed: 0,
    });
  });
  await queue.close();
});
