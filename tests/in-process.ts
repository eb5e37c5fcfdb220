/** Runs a service with all its wiring, like its `main.ts`, but in the test's process and on the run's servers. */
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { inject } from "vitest";
import { freePorts } from "../playground/runner/ports.ts";
import { type Database, openDatabase } from "../services/_kit/database/postgres.ts";
import type { Broker } from "../services/_kit/events/broker.ts";
import { writeHead } from "../services/_kit/events/head.ts";
import { bucketOf } from "../services/_kit/events/outbox.ts";
import { connectRedis } from "../services/_kit/jobs/queue.ts";
import { Releaser } from "../services/_kit/process/shutdown.ts";
import { openBroker } from "../services/_kit/service/broker.ts";
import type { Life } from "../services/_kit/service/main.ts";
import { inject as carrier } from "../services/_kit/telemetry/propagation.ts";
import { freshDatabase, quiet } from "./fixtures.ts";

type Payload = { userId: string } & Record<string, unknown>;

export interface InProcess {
  readonly url: string;
  /** The service's own database. */
  readonly db: Database;
  readonly broker: Broker;
  readonly redis: Redis;
  /** Sends an event of `payload.userId` in the active context; resolves to its id. A repeated id is delivered again. */
  publish(type: string, payload: Payload, eventId?: string): Promise<string>;
  stop(): Promise<void>;
}

let redisDatabase: Promise<string> | undefined;

/**
 * Queues have fixed names, so each test file has its own Redis database: otherwise it would process another's jobs.
 * There are 16; database 0 is for the queues' own tests.
 */
function ownRedis(): Promise<string> {
  redisDatabase ??= (async () => {
    const redis = connectRedis(inject("redisUrl"));
    const own = 1 + ((await redis.incr("tests:databases")) % 15);
    redis.disconnect();
    return `${inject("redisUrl")}/${own}`;
  })();
  return redisDatabase;
}

/** Starts it. `env`: additional variables. */
export async function inProcess(
  compose: (life: Life, env: NodeJS.ProcessEnv) => Promise<void>,
  env: NodeJS.ProcessEnv = {},
): Promise<InProcess> {
  const releaser = new Releaser();
  const [natsUrl, postgresUrl] = [inject("natsUrl"), await freshDatabase(inject("postgresUrl"))];
  const redisUrl = await ownRedis();
  const { gateway: port } = await freePorts();
  const life = { log: quiet, releaser, signal: new AbortController().signal };
  await compose(life, {
    BATON_PORT: String(port),
    BATON_FAULTS: "1",
    BATON_NATS_URL: natsUrl,
    BATON_REDIS_URL: redisUrl,
    BATON_POSTGRES_URL: postgresUrl,
    ...env,
  });
  const db = await openDatabase(postgresUrl, [], quiet);
  const broker = await openBroker({ url: natsUrl, name: "test", log: quiet });
  const redis = connectRedis(redisUrl);
  return {
    url: `http://127.0.0.1:${port}`,
    db,
    broker,
    redis,
    publish: async (type, payload, eventId = randomUUID()) => {
      const nowMs = Date.now();
      await broker.publish(bucketOf(payload.userId), type, {
        // Not the event's id: the stream would drop it as a duplicate, but this is meant to come after the window.
        id: randomUUID(),
        headers: writeHead({ eventId, carrier: carrier(), createdMs: nowMs, sentMs: nowMs }),
        data: Buffer.from(JSON.stringify(payload)),
      });
      return eventId;
    },
    stop: async () => {
      redis.disconnect();
      await broker.close();
      await db.close();
      await releaser.release(quiet, 10_000);
    },
  };
}
