import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { PAYMENT_COMMANDS, Refund } from "../_contracts/commands.ts";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { listening, readConfig, streaming } from "../_kit/config.ts";
import { faultAt } from "../_kit/faults.ts";
import { watchOutbox } from "../_kit/gauges.ts";
import { connectNats, ensureStreams, eventStream } from "../_kit/jetstream.ts";
import type { Life } from "../_kit/main.ts";
import { outboxSchema } from "../_kit/outbox.ts";
import { checked } from "../_kit/payload.ts";
import { openDatabase } from "../_kit/postgres.ts";
import { connectRedis, jobQueue } from "../_kit/queue.ts";
import { watchQueue } from "../_kit/queue-gauges.ts";
import { startRelay } from "../_kit/relay.ts";
import { serveRpc } from "../_kit/rpc-server.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { readTelemetrySettings } from "../_kit/telemetry/settings.ts";
import { traced } from "../_kit/telemetry/span.ts";
import { startWorker } from "../_kit/worker.ts";
import { makeCharge, type Wait } from "./charge.ts";
import { makeRefund } from "./refund.ts";
import { paymentsRoutes } from "./rpc.ts";
import { chargeStore } from "./store.ts";

const wait: Wait = (ms, signal) => delay(ms, undefined, { signal });

const schema = z.object({
  ...listening(8083),
  BATON_POSTGRES_URL: z.url(),
  ...streaming(),
  BATON_REDIS_URL: z.url(),
});

export async function compose({ log, releaser, signal }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const mode = readTelemetrySettings(env).asyncMode;
  const note = makeNote<Vocabulary>(log);

  const schemas = [new URL("./schema.sql", import.meta.url), outboxSchema];
  const db = releaser.add(
    "database",
    await openDatabase(config.BATON_POSTGRES_URL, schemas, log, { signal }),
    (d) => d.close(),
  );
  const nats = releaser.add("nats", await connectNats(config.BATON_NATS_URL, "payments"), (n) => n.close());
  await ensureStreams(nats, config.BATON_NATS_REPLICAS);
  const redis = releaser.add("redis", connectRedis(config.BATON_REDIS_URL), (r) => r.disconnect());
  const commands = releaser.add("commands", jobQueue(PAYMENT_COMMANDS, redis), (q) => q.close());

  const charges = chargeStore(db);
  releaser.add("relay", await startRelay(db, eventStream(nats), mode, log), (r) => r.stop());
  releaser.add("outbox gauges", watchOutbox(db), (end) => end());
  const handlers = { refund: checked("a refund", Refund, makeRefund({ charges, fault: faultAt, note })) };
  releaser.add("worker", await startWorker({ queue: commands.name, redis, nats, mode, log, handlers }), (w) =>
    w.stop(),
  );
  releaser.add("queue gauges", watchQueue(commands.name, redis), (end) => end());

  const charge = traced("charge", makeCharge({ charges, fault: faultAt, wait, note, newId: randomUUID }));
  const server = await serveRpc({
    host: config.BATON_HOST,
    port: config.BATON_PORT,
    log,
    services: [PaymentService],
    routes: paymentsRoutes({ charge, find: charges.find }),
    ready: async () => {
      await Promise.all([db.query("SELECT 1"), nats.ready(), commands.ready()]);
    },
  });
  releaser.add("server", server, (s) => s.close());
}
