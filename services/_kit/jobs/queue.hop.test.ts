import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { hrTimeDuration, hrTimeToMilliseconds } from "@opentelemetry/core";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { quiet, uniqueName } from "../../../tests/fixtures.ts";
import { edges, inRequest, startTestTelemetry } from "../../../tests/telemetry.ts";
import type { Broker } from "../events/broker.ts";
import { natsUnderTest } from "../events/nats/nats.fixture.ts";
import { AppError } from "../process/errors.ts";
import { correlationId } from "../telemetry/correlation.ts";
import { type AsyncMode, baggageEntry } from "../telemetry/propagation.ts";
import { connectRedis, type JobQueue, jobQueue, type NewJob } from "./queue.ts";
import { type JobDelivery, type RunningWorker, startWorker } from "./worker.ts";

const telemetry = startTestTelemetry();
const server = new URL(inject("redisUrl"));
const workers: RunningWorker[] = [];
const queues: JobQueue<NewJob>[] = [];
let redis: Redis;
let broker: Broker;

beforeAll(async () => {
  redis = connectRedis(inject("redisUrl"));
  broker = await natsUnderTest.open();
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await Promise.all(queues.map((queue) => queue.close()));
  redis.disconnect();
  await broker.close();
  await telemetry.stop();
});

type Handlers = Record<string, (job: JobDelivery) => Promise<void>>;

/** A new queue with a worker on it. */
async function working(mode: AsyncMode, handlers: Handlers): Promise<JobQueue<NewJob>> {
  const queue = jobQueue<NewJob>(uniqueName("q"), redis);
  queues.push(queue);
  workers.push(await startWorker({ queue: queue.name, redis, broker, mode, log: quiet, handlers }));
  return queue;
}

const add = (queue: JobQueue<NewJob>, baggage: Record<string, string> = {}, delayMs?: number) =>
  inRequest({ "correlation.id": "c-1", ...baggage }, async (request) => {
    await queue.add({
      name: "work",
      id: `work-${queue.name}`,
      payload: { n: 1 },
      ...(delayMs ? { delayMs } : {}),
    });
    return request;
  });

describe("a job", () => {
  const shapes = {
    "parent+link": { child: true, linked: true },
    parent: { child: true, linked: false },
    link: { child: false, linked: true },
  } as const;

  for (const [mode, shape] of Object.entries(shapes) as [AsyncMode, { child: boolean; linked: boolean }][]) {
    test(`has a PRODUCER span when it is sent and, in mode ${mode}, a CONSUMER span with that mode's parent and links`, async () => {
      const seen: unknown[] = [];
      const queue = await working(mode, {
        work: async (job) => {
          seen.push(correlationId(), baggageEntry("fault"), job.payload);
        },
      });
      const request = await add(queue, { fault: "a.b:c" });
      const send = await telemetry.one(`send ${queue.name}.work`);
      const span = await telemetry.one(`process ${queue.name}.work`);

      expect(send.kind).toBe(SpanKind.PRODUCER);
      expect(edges(send)).toEqual({ parent: request.spanId, links: [] });
      expect(span.kind).toBe(SpanKind.CONSUMER);
      expect(edges(span)).toEqual({
        parent: shape.child ? send.spanContext().spanId : undefined,
        links: shape.linked ? [[send.spanContext().spanId, "creation"]] : [],
      });
      expect(seen).toEqual(["c-1", "a.b:c", { n: 1 }]);
      const shared = {
        "messaging.system.name": "bullmq",
        "messaging.message.id": `work-${queue.name}`,
        "messaging.message.conversation_id": "c-1",
        "server.address": server.hostname,
        "server.port": Number(server.port),
      };
      expect(send.attributes).toMatchObject({ ...shared, "messaging.operation.type": "send" });
      expect(span.attributes).toMatchObject({
        ...shared,
        "messaging.operation.type": "process",
        "messaging.destination.name": queue.name,
        "baton.job.name": "work",
        "baton.delivery.attempt": 1,
        "baton.delivery.outcome": "ack",
        "baton.wait.since": "added",
        "correlation.id": "c-1",
      });
      expect(span.attributes["baton.wait.job"]).toBeGreaterThanOrEqual(0);
    });
  }

  test("with a delay counts its wait from when it was due", async () => {
    const queue = await working("parent+link", { work: async () => {} });
    await add(queue, {}, 300);
    const send = await telemetry.one(`send ${queue.name}.work`);
    const span = await telemetry.one(`process ${queue.name}.work`);
    expect(span.attributes["baton.wait.since"]).toBe("delay");
    const sinceSendS = hrTimeToMilliseconds(hrTimeDuration(send.startTime, span.startTime)) / 1e3;
    // Starts are whole milliseconds, and the job is stamped a little after its span began.
    expect(span.attributes["baton.wait.job"]).toBeLessThanOrEqual(sinceSendS - 0.3 + 0.002);
  });

  test("that fails is retried in a sibling span that links to the attempt before, with its wait since the retry was due", async () => {
    let failures = 1;
    const queue = await working("parent+link", {
      work: async () => {
        if (failures-- > 0) throw new AppError("unavailable", "not now");
      },
    });
    await add(queue);
    const send = await telemetry.one(`send ${queue.name}.work`);
    const [first, second] = await telemetry.ended(`process ${queue.name}.work`, 2);
    const creation = send.spanContext().spanId;

    expect(first?.status.code).toBe(SpanStatusCode.ERROR);
    expect(first?.attributes).toMatchObject({
      "baton.delivery.outcome": "retry",
      "error.type": "unavailable",
    });
    expect(second && edges(second)).toEqual({
      parent: creation,
      links: [
        [creation, "creation"],
        [first?.spanContext().spanId, "previous_attempt"],
      ],
    });
    expect(second?.attributes).toMatchObject({
      "baton.delivery.attempt": 2,
      "baton.delivery.outcome": "ack",
      "baton.wait.since": "retry",
    });
  });
});

test("a flow has a create span for each job, one send span that links to them all, and each job waits for its children", async () => {
  const order: string[] = [];
  const step = (name: string) => async () => {
    order.push(name);
  };
  const queue = await working("link", { pick: step("pick"), pack: step("pack"), ship: step("ship") });
  const job = (name: string) => ({ name, id: `${name}-${queue.name}`, payload: {} });
  const request = await inRequest({ "correlation.id": "c-2" }, async (span) => {
    await queue.addFlow({ ...job("ship"), children: [{ ...job("pack"), children: [job("pick")] }] });
    return span;
  });
  await telemetry.one(`process ${queue.name}.ship`);
  expect(order).toEqual(["pick", "pack", "ship"]);

  const send = await telemetry.one(`send ${queue.name}.flow`);
  const creates = ["pick", "pack", "ship"].map((name) => telemetry.find(`create ${queue.name}.${name}`)[0]);
  expect(send.kind).toBe(SpanKind.CLIENT);
  expect(send.attributes["messaging.batch.message_count"]).toBe(3);
  expect(edges(send)).toEqual({
    parent: request.spanId,
    links: creates.map((create) => [create?.spanContext().spanId, "creation"]),
  });
  for (const [index, name] of ["pick", "pack", "ship"].entries()) {
    const create = creates[index];
    expect(create?.kind).toBe(SpanKind.PRODUCER);
    expect(create?.parentSpanContext?.spanId).toBe(request.spanId);
    const span = await telemetry.one(`process ${queue.name}.${name}`);
    expect(edges(span)).toEqual({ parent: undefined, links: [[create?.spanContext().spanId, "creation"]] });
    expect(span.attributes).toMatchObject({
      "messaging.message.id": `${name}-${queue.name}`,
      "baton.wait.since": name === "pick" ? "added" : "children",
      "correlation.id": "c-2",
    });
  }
});
