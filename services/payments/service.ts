import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { commandsIn, PAYMENT_COMMANDS } from "../_contracts/commands.ts";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { openDatabase } from "../_kit/database/postgres.ts";
import { watchOutbox } from "../_kit/events/gauges.ts";
import { outboxSchema } from "../_kit/events/outbox.ts";
import { startRelay } from "../_kit/events/relay.ts";
import { watchQueue } from "../_kit/jobs/gauges.ts";
import { connectRedis, jobQueue } from "../_kit/jobs/queue.ts";
import { startWorker } from "../_kit/jobs/worker.ts";
import { listening, readConfig, streaming } from "../_kit/process/config.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import { serveRpc } from "../_kit/rpc/server.ts";
import { readTelemetrySettings } from "../_kit/sdk/settings.ts";
import { openBroker } from "../_kit/service/broker.ts";
import type { Life } from "../_kit/service/main.ts";
import { faultAt } from "../_kit/telemetry/faults.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { traced } from "../_kit/telemetry/span.ts";
import { serviceNamed } from "../topology.ts";
import { makeCharge, type Wait } from "./charge.ts";
import { makeRefund } from "./refund.ts";
import { paymentsRoutes } from "./rpc.ts";
import { chargeStore } from "./store.ts";

const wait: Wait = (ms, signal) => delay(ms, undefined, { signal });

const declared = serviceNamed("payments");
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

  const schemas = [new URL("./schema.sql", import.meta.url), outboxSchema];
  const db = releaser.add(
    "database",
    await openDatabase(config.BATON_POSTGRES_URL, schemas, log, { signal }),
    (d) => d.close(),
  );
  const broker = await openBroker({
    url: config.BATON_NATS_URL,
    name: "payments",
    replicas: config.BATON_NATS_REPLICAS,
    log,
  });
  releaser.add("broker", broker, (b) => b.close());
  await broker.ensure([]);
  const redis = releaser.add("redis", connectRedis(config.BATON_REDIS_URL), (r) => r.disconnect());
  const commands = releaser.add("commands", jobQueue(PAYMENT_COMMANDS, redis), (q) => q.close());

  const charges = chargeStore(db);
  releaser.add("relay", await startRelay(db, broker, mode, log), (r) => r.stop());
  releaser.add("outbox gauges", watchOutbox(db), (end) => end());
  const refund = makeRefund({ charges, fault: faultAt, note });
  const handlers = checkedBy(commandsIn(PAYMENT_COMMANDS), { refund });
  releaser.add(
    "worker",
    await startWorker({ queue: commands.name, redis, broker, mode, log, handlers }),
    (w) => w.stop(),
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
      await Promise.all([db.query("SELECT 1"), broker.ready(), commands.ready()]);
    },
  });
  releaser.add("server", server, (s) => s.close());
}
