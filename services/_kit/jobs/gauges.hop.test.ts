import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, quiet, uniqueName } from "../../../tests/fixtures.ts";
import type { Broker } from "../events/broker.ts";
import { natsUnderTest } from "../events/nats/nats.fixture.ts";
import { startGauges, values, watching } from "../telemetry/gauges.fixture.ts";
import { watchQueue } from "./gauges.ts";
import { connectRedis, jobQueue, type NewJob } from "./queue.ts";
import { startWorker } from "./worker.ts";

const provider = startGauges();
const redis = connectRedis(inject("redisUrl"));
let broker: Broker;
beforeAll(async () => {
  broker = await natsUnderTest.open();
});
afterAll(async () => {
  await provider.shutdown();
  await broker.close();
  redis.disconnect();
});

test("the dead letters of a queue", async () => {
  const name = uniqueName("given-up");
  const by = "baton.dead_letter.owner";
  const queue = jobQueue<NewJob>(name, redis);
  const options = { queue: name, redis, broker, mode: "link", log: quiet } as const;
  const worker = await startWorker({ ...options, handlers: {} });
  await queue.add({ name: "work", id: uniqueName("work"), payload: {} });
  await eventually("its dead letter", async () =>
    (await values("baton.dead_letters", by))[`job.${name}`] === 1 ? true : undefined,
  );
  await worker.stop();
  await queue.close();
});

test("a queue's jobs by state", async () => {
  const queue = jobQueue<NewJob>(uniqueName("counted"), redis);
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
