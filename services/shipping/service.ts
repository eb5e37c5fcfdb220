import * as z from "zod";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { listening, readConfig, streaming } from "../_kit/config.ts";
import { subscribe } from "../_kit/consumer.ts";
import { watchConsumers, watchOutbox } from "../_kit/gauges.ts";
import { inboxSchema } from "../_kit/inbox.ts";
import { connectNats, ensureStreams, eventStream } from "../_kit/jetstream.ts";
import type { Life } from "../_kit/main.ts";
import { outboxSchema } from "../_kit/outbox.ts";
import { openDatabase } from "../_kit/postgres.ts";
import { serveProbes } from "../_kit/probes.ts";
import { connectRedis, jobQueue } from "../_kit/queue.ts";
import { watchQueue } from "../_kit/queue-gauges.ts";
import { startRelay } from "../_kit/relay.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { readTelemetrySettings } from "../_kit/telemetry/settings.ts";
import { startWorker } from "../_kit/worker.ts";
import { shipmentJobs } from "./handle-shipment.ts";
import { makeRequestShipment } from "./request-shipment.ts";
import { shipmentStore } from "./store.ts";

const schema = z.object({
  ...listening(8084),
  BATON_POSTGRES_URL: z.url(),
  ...streaming(),
  BATON_REDIS_URL: z.url(),
});

export async function compose({ log, releaser }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const mode = readTelemetrySettings(env).asyncMode;
  const note = makeNote<Vocabulary>(log);

  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema, outboxSchema];
  const db = releaser.add("database", await openDatabase(config.BATON_POSTGRES_URL, schemas, log), (d) =>
    d.close(),
  );
  const nats = releaser.add("nats", await connectNats(config.BATON_NATS_URL, "shipping"), (n) => n.close());
  await ensureStreams(nats, config.BATON_NATS_REPLICAS);
  const redis = releaser.add("redis", connectRedis(config.BATON_REDIS_URL), (r) => r.disconnect());
  const queue = releaser.add("queue", jobQueue("shipping", redis), (q) => q.close());

  releaser.add("relay", await startRelay(db, eventStream(nats), mode, log), (r) => r.stop());
  releaser.add("outbox gauges", watchOutbox(db), (end) => end());
  const handlers = shipmentJobs(shipmentStore(db), note);
  releaser.add("worker", await startWorker({ queue: queue.name, redis, mode, log, handlers }), (w) =>
    w.stop(),
  );
  const confirmed = { group: "shipping", type: "OrderConfirmed", handle: makeRequestShipment(queue, note) };
  releaser.add("consumer", await subscribe(confirmed, { nats, mode, log }), (c) => c.stop());
  releaser.add("consumer gauges", watchConsumers(nats, [confirmed]), (end) => end());
  releaser.add("queue gauges", watchQueue(queue.name, redis), (end) => end());

  const ready = async () => {
    await Promise.all([db.query("SELECT 1"), nats.ready(), queue.ready()]);
  };
  releaser.add("server", await serveProbes(config.BATON_HOST, config.BATON_PORT, ready), (s) => s.close());
}
