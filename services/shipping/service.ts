import * as z from "zod";
import { eventsTo } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { openDatabase } from "../_kit/database/postgres.ts";
import { attemptsSchema } from "../_kit/events/attempts.ts";
import { watchConsumers, watchOutbox } from "../_kit/events/gauges.ts";
import { inboxSchema } from "../_kit/events/inbox.ts";
import { subscribeInOrder } from "../_kit/events/ordered.ts";
import { outboxSchema } from "../_kit/events/outbox.ts";
import { startRelay } from "../_kit/events/relay.ts";
import { watchQueue } from "../_kit/jobs/gauges.ts";
import { connectRedis, jobQueue } from "../_kit/jobs/queue.ts";
import { startWorker } from "../_kit/jobs/worker.ts";
import { listening, readConfig, streaming } from "../_kit/process/config.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import { readTelemetrySettings } from "../_kit/sdk/settings.ts";
import { openBroker } from "../_kit/service/broker.ts";
import type { Life } from "../_kit/service/main.ts";
import { serveProbes } from "../_kit/service/probes.ts";
import { faultAt } from "../_kit/telemetry/faults.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { serviceNamed } from "../topology.ts";
import { makeCancelShipment } from "./cancel-shipment.ts";
import { SHIPMENT_JOBS, shipmentJobs } from "./handle-shipment.ts";
import { makeRequestShipment } from "./request-shipment.ts";
import { shipmentStore } from "./store.ts";

const declared = serviceNamed("shipping");
const schema = z.object({
  ...listening(declared.port),
  BATON_POSTGRES_URL: z.url(),
  ...streaming(),
  BATON_REDIS_URL: z.url(),
});

export async function compose({ log, releaser, signal }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const mode = readTelemetrySettings(env).asyncMode;
  const note = makeNote<Vocabulary>(log);

  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema, outboxSchema, attemptsSchema];
  const db = releaser.add(
    "database",
    await openDatabase(config.BATON_POSTGRES_URL, schemas, log, { signal }),
    (d) => d.close(),
  );
  const broker = await openBroker({
    url: config.BATON_NATS_URL,
    name: "shipping",
    replicas: config.BATON_NATS_REPLICAS,
    log,
  });
  releaser.add("broker", broker, (b) => b.close());
  await broker.ensure([]);
  const redis = releaser.add("redis", connectRedis(config.BATON_REDIS_URL), (r) => r.disconnect());
  const queue = releaser.add("queue", jobQueue("shipping", redis), (q) => q.close());

  releaser.add("relay", await startRelay(db, broker, mode, log), (r) => r.stop());
  releaser.add("outbox gauges", watchOutbox(db), (end) => end());
  const store = shipmentStore(db);
  const handlers = checkedBy(SHIPMENT_JOBS, shipmentJobs({ store, fault: faultAt, note }));
  releaser.add("worker", await startWorker({ queue: queue.name, redis, broker, mode, log, handlers }), (w) =>
    w.stop(),
  );
  // In order: what is confirmed and then cancelled must not be heard of the other way round.
  const orders = {
    group: "shipping",
    handlers: checkedBy(eventsTo("shipping"), {
      OrderConfirmed: makeRequestShipment(queue, store, note),
      OrderCancelled: makeCancelShipment(store, note),
    }),
  };
  releaser.add("consumer", await subscribeInOrder(orders, { broker, db, mode, log }), (c) => c.stop());
  releaser.add("consumer gauges", watchConsumers(broker, [orders]), (end) => end());
  releaser.add("queue gauges", watchQueue(queue.name, redis), (end) => end());

  const ready = async () => {
    await Promise.all([db.query("SELECT 1"), broker.ready(), queue.ready()]);
  };
  releaser.add("server", await serveProbes(config.BATON_HOST, config.BATON_PORT, ready), (s) => s.close());
}
