import * as z from "zod";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { listening, readConfig, streaming } from "../_kit/config.ts";
import { subscribe } from "../_kit/consumer.ts";
import { watchConsumers } from "../_kit/gauges.ts";
import { connectNats, ensureStreams } from "../_kit/jetstream.ts";
import { fileMailer } from "../_kit/mail.ts";
import type { Life } from "../_kit/main.ts";
import { openDatabase } from "../_kit/postgres.ts";
import { serveProbes } from "../_kit/probes.ts";
import { connectRedis, jobQueue } from "../_kit/queue.ts";
import { watchQueue } from "../_kit/queue-gauges.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { readTelemetrySettings } from "../_kit/telemetry/settings.ts";
import { startWorker } from "../_kit/worker.ts";
import { makeQueueConfirmation } from "./queue-confirmation.ts";
import { makeSendConfirmation } from "./send-confirmation.ts";
import { emailStore } from "./store.ts";

const schema = z.object({
  ...listening(8085),
  BATON_POSTGRES_URL: z.url(),
  ...streaming(),
  BATON_REDIS_URL: z.url(),
  BATON_MAIL_DIR: z.string().min(1),
});

export async function compose({ log, releaser }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const mode = readTelemetrySettings(env).asyncMode;
  const note = makeNote<Vocabulary>(log);

  const schemas = [new URL("./schema.sql", import.meta.url)];
  const db = releaser.add("database", await openDatabase(config.BATON_POSTGRES_URL, schemas, log), (d) =>
    d.close(),
  );
  const nats = releaser.add("nats", await connectNats(config.BATON_NATS_URL, "notifications"), (n) =>
    n.close(),
  );
  await ensureStreams(nats, config.BATON_NATS_REPLICAS);
  const redis = releaser.add("redis", connectRedis(config.BATON_REDIS_URL), (r) => r.disconnect());
  const queue = releaser.add("queue", jobQueue("email", redis), (q) => q.close());

  const mailer = await fileMailer(config.BATON_MAIL_DIR);
  const handlers = { confirmation: makeSendConfirmation(mailer, emailStore(db), note) };
  releaser.add("worker", await startWorker({ queue: queue.name, redis, mode, log, handlers }), (w) =>
    w.stop(),
  );
  const confirmed = {
    group: "notifications",
    type: "OrderConfirmed",
    handle: makeQueueConfirmation(queue, note),
  };
  releaser.add("consumer", await subscribe(confirmed, { nats, mode, log }), (c) => c.stop());
  releaser.add("consumer gauges", watchConsumers(nats, [confirmed]), (end) => end());
  releaser.add("queue gauges", watchQueue(queue.name, redis), (end) => end());

  const ready = async () => {
    await Promise.all([db.query("SELECT 1"), nats.ready(), queue.ready()]);
  };
  releaser.add("server", await serveProbes(config.BATON_HOST, config.BATON_PORT, ready), (s) => s.close());
}
