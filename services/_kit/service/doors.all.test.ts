/**
 * 10,000 arbitrary messages in a stream and 10,000 arbitrary jobs in a queue: no process crashes, each bad one becomes
 * one dead letter with its reason, and the good ones between them are handled.
 */
import { Queue } from "bullmq";
import fc from "fast-check";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import { attemptsSchema } from "../events/attempts.ts";
import type { Broker } from "../events/broker.ts";
import { subscribe } from "../events/consumer.ts";
import type { Event } from "../events/event.ts";
import { inboxSchema, once } from "../events/inbox.ts";
import { openBroker } from "../events/nats/broker.ts";
import { DEAD_STREAM, EVENTS_STREAM, type JetStream, jetstreamOn } from "../events/nats/streams.ts";
import { connectRedis, PREFIX } from "../jobs/queue.ts";
import { startWorker } from "../jobs/worker.ts";
import { connectNats } from "../nats/connection.ts";
import { type OwnNats, ownNats } from "../nats/own.fixture.ts";
import { type RawMessage, type RawNats, rawNats } from "../nats/raw.fixture.ts";
import { AppError } from "../process/errors.ts";

const BATCH = 500;
const BATCHES = 20;
const run = { numRuns: BATCHES, endOnFailure: true };

let server: OwnNats;
let broker: Broker;
let jet: JetStream;
let raw: RawNats;
let redis: Redis;
let db: Database;

beforeAll(async () => {
  server = await ownNats();
  broker = await openBroker({ url: server.url, name: "doors-test", log: quiet });
  await broker.ensure([]);
  jet = await jetstreamOn(await connectNats(server.url, "doors-test"));
  raw = await rawNats(server.url);
  redis = connectRedis(inject("redisUrl"));
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), [inboxSchema, attemptsSchema], quiet);
});
afterAll(async () => {
  raw.close();
  await broker.close();
  await jet.nats.close();
  await server.stop();
  redis.disconnect();
  await db.close();
});

/** How many messages of a stream match, by subject. */
async function counts(stream: string, filter: string): Promise<number> {
  const { state } = await jet.manager.streams.info(stream, { subjects_filter: filter });
  return Object.values(state.subjects ?? {}).reduce((sum, n) => sum + n, 0);
}

/** The reasons of the dead letters under a subject. */
async function reasonsOf(filter: string): Promise<Set<string>> {
  const reasons = new Set<string>();
  const consumer = await jet.js.consumers.get(DEAD_STREAM, { filter_subjects: filter });
  for await (const message of await consumer.consume()) {
    reasons.add(message.headers?.get("Baton-Dead-Reason") ?? "");
    if (message.info.pending === 0) break;
  }
  return reasons;
}

const text = fc.oneof(fc.string({ unit: "binary" }), fc.string(), fc.string({ unit: "grapheme" }));
const deep = fc.nat(20_000).map((depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`);
const many = (n: number) => Array.from({ length: n }, (_, i) => `k${i}=v`).join(",");
const field = fc.oneof(
  { weight: 8, arbitrary: text },
  fc.constantFrom(
    "",
    "00-0-0-00",
    `00-${"0".repeat(32)}-${"0".repeat(16)}-01`,
    "1e308",
    "-1",
    "NaN",
    "%ff%fe",
  ),
  fc.constantFrom(many(180), many(1_000), many(10_000)),
);
const name = fc.oneof(
  fc.constantFrom(
    "traceparent",
    "tracestate",
    "baggage",
    "Baton-Event-Id",
    "Baton-Created-Ms",
    "Baton-Sent-Ms",
  ),
  fc.constantFrom("Baton-Redriven", "Baton-Dead-Span", "Baton-Dead-Reason", "Nats-Rollup", "Nats-Msg-Id"),
  text,
);
const head = fc.oneof(
  fc.constant(""),
  fc
    .array(fc.tuple(name, field), { maxLength: 4 })
    .map((lines) => `NATS/1.0\r\n${lines.map(([key, value]) => `${key}: ${value}\r\n`).join("")}\r\n`),
  fc.constantFrom(
    "NATS/1.0 503\r\n\r\n",
    "NATS/1.0 409 Consumer Deleted\r\n\r\n",
    "NATS/1.0\r\n",
    "\r\n\r\n",
  ),
  text,
);
const body = fc.oneof(
  { weight: 10, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 10, arbitrary: fc.json().map((one) => Buffer.from(one)) },
  { weight: 10, arbitrary: text.map((one) => Buffer.from(one)) },
  { weight: 1, arbitrary: deep.map((one) => Buffer.from(one)) },
  // Close to the server's size limit of a message: its dead letter is too large.
  {
    weight: 1,
    arbitrary: fc.constantFrom(...Array(9).fill(10_000), 1_040_000).map((size) => Buffer.alloc(size, 0xff)),
  },
);

test("messages of arbitrary bytes, headers and subjects", async () => {
  const type = uniqueName("Door");
  const durable = `door-${type}`;
  const good = { begun: 0, had: 0 };
  const handle = async (event: Event) => {
    const { isGood } = (event.payload ?? {}) as { isGood?: unknown };
    if (isGood !== type) throw new AppError("invalid", "this is nothing of ours");
    await once(db, "door", event.id, async () => {
      good.had += 1;
    });
  };
  const consumer = await subscribe(
    { group: "door", type, handle, concurrency: 64 },
    { broker, db, mode: "parent+link", log: quiet },
  );
  const stranger = fc
    .record({
      subject: fc.constantFrom("p0", "p7", "p", "pp", "x", "%").map((bucket) => `events.${bucket}.${type}`),
      head: head.map((one) => Buffer.from(one)),
      body,
    })
    // Head and body together may have 1 MiB: beyond that the server closes the connection, and no consumer sees it.
    .map((one) => ({ ...one, body: one.body.subarray(0, 1_040_000 - one.head.length) }));
  const ours = fc.constant(undefined);
  const toMessage = (given: RawMessage | undefined): RawMessage => {
    if (given) return given;
    good.begun += 1;
    const id = `${type}-${good.begun}`;
    return {
      subject: `events.p1.${type}`,
      head: Buffer.from(`NATS/1.0\r\nBaton-Event-Id: ${id}\r\nNats-Msg-Id: ${id}\r\n\r\n`),
      body: Buffer.from(JSON.stringify({ isGood: type })),
    };
  };
  const batch = fc.array(fc.oneof({ weight: 9, arbitrary: stranger }, ours), {
    minLength: BATCH,
    maxLength: BATCH,
  });
  await fc.assert(
    fc.asyncProperty(batch, async (given) => {
      await raw.send(given.map(toMessage));
      await eventually("all to be settled", async () => {
        const info = await jet.manager.consumers.info(EVENTS_STREAM, durable);
        return info.num_pending + info.num_ack_pending === 0 ? true : undefined;
      });
      expect(good.had).toBe(good.begun);
    }),
    run,
  );
  // The server has refused the messages with headers over its limit.
  const stored = await counts(EVENTS_STREAM, `events.*.${type}`);
  expect(stored).toBeGreaterThan(0.8 * BATCH * BATCHES);
  expect(await counts(DEAD_STREAM, `dead.${durable}.>`)).toBe(stored - good.had);
  expect(await reasonsOf(`dead.${durable}.>`)).toEqual(new Set(["malformed", "invalid"]));
  await consumer.stop();
});

const json = fc.jsonValue();
const envelope = fc.record(
  {
    carrier: fc.oneof(json, fc.dictionary(text, json), fc.record({ traceparent: field, baggage: field })),
    createdMs: fc.oneof(json, fc.constantFrom(0, -1, 1, 1e308, Date.now())),
    previous: json,
    retryDueMs: json,
    redriven: json,
    payload: json,
  },
  { requiredKeys: [] },
);

test("jobs of arbitrary names and data", async () => {
  const queue = uniqueName("door");
  const add = new Queue(queue, { connection: redis, prefix: PREFIX });
  const good = { begun: 0, had: 0 };
  const handlers = {
    good: async ({ payload }: { payload: unknown }) => {
      if ((payload as { isGood?: unknown } | null)?.isGood !== queue)
        throw new AppError("invalid", "not ours");
      good.had += 1;
    },
  };
  const worker = await startWorker({ queue, redis, broker, mode: "parent+link", log: quiet, handlers });
  const stranger = fc.record({
    name: fc.oneof(text, fc.constantFrom("good", "constructor", "__proto__", "toString")),
    data: fc.oneof({ weight: 3, arbitrary: envelope }, json),
    opts: fc.record({ attempts: fc.constantFrom(0, 1, 5) }, { requiredKeys: [] }),
  });
  type Given = { name: string; data: unknown; opts: object };
  const toJob = (given: Given | undefined): Given => {
    if (given) return given;
    good.begun += 1;
    const data = { carrier: {}, createdMs: Date.now(), payload: { isGood: queue } };
    return { name: "good", data, opts: { jobId: `good-${good.begun}` } };
  };
  const batch = fc.array(fc.oneof({ weight: 9, arbitrary: stranger }, fc.constant(undefined)), {
    minLength: BATCH,
    maxLength: BATCH,
  });
  let added = 0;
  await fc.assert(
    fc.asyncProperty(batch, async (given) => {
      await add.addBulk(given.map(toJob));
      added += given.length;
      await eventually("all to be done", async () => {
        const { completed, failed } = await add.getJobCounts("completed", "failed");
        return (completed ?? 0) + (failed ?? 0) === added ? true : undefined;
      });
      expect(good.had).toBe(good.begun);
    }),
    run,
  );
  const dead = added - good.had;
  await eventually("every dead letter", async () =>
    (await counts(DEAD_STREAM, `dead.job.${queue}.>`)) >= dead ? true : undefined,
  );
  expect(await counts(DEAD_STREAM, `dead.job.${queue}.>`)).toBe(dead);
  expect(await reasonsOf(`dead.job.${queue}.>`)).toEqual(new Set(["malformed", "invalid"]));
  await worker.stop();
  await add.close();
});
