import * as z from "zod";
import { eventsTo } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { openDatabase } from "../_kit/database/postgres.ts";
import { attemptsSchema } from "../_kit/events/attempts.ts";
import { subscribe, together } from "../_kit/events/consumer.ts";
import { watchConsumers } from "../_kit/events/gauges.ts";
import { watchQueue } from "../_kit/jobs/gauges.ts";
import { connectRedis, jobQueue } from "../_kit/jobs/queue.ts";
import { startWorker } from "../_kit/jobs/worker.ts";
import { fileMailer } from "../_kit/mail/mail.ts";
import { listening, readConfig, streaming, wholeNumbers } from "../_kit/process/config.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import { readTelemetrySettings } from "../_kit/sdk/settings.ts";
import { openBroker } from "../_kit/service/broker.ts";
import type { Life } from "../_kit/service/main.ts";
import { serveProbes } from "../_kit/service/probes.ts";
import { faultAt } from "../_kit/telemetry/faults.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { serviceNamed } from "../topology.ts";
import { EMAIL_JOBS } from "./letters.ts";
import { emailRequests } from "./queue-email.ts";
import { emailJobs } from "./send-email.ts";
import { emailStore } from "./store.ts";

const declared = serviceNamed("notifications");
const schema = z.object({
  ...listening(declared.port),
  BATON_POSTGRES_URL: z.url(),
  ...streaming(),
  BATON_REDIS_URL: z.url(),
  BATON_MAIL_DIR: z.string().min(1),
  ...wholeNumbers(declared.settings),
});

export async function compose({ log, releaser, signal }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const mode = readTelemetrySettings(env).asyncMode;
  const note = makeNote<Vocabulary>(log);

  const schemas = [new URL("./schema.sql", import.meta.url), attemptsSchema];
  const db = releaser.add(
    "database",
    await openDatabase(config.BATON_POSTGRES_URL, schemas, log, { signal }),
    (d) => d.close(),
  );
  const broker = await openBroker({
    url: config.BATON_NATS_URL,
    name: "notifications",
    replicas: config.BATON_NATS_REPLICAS,
    log,
  });
  releaser.add("broker", broker, (b) => b.close());
  await broker.ensure([]);
  const redis = releaser.add("redis", connectRedis(config.BATON_REDIS_URL), (r) => r.disconnect());
  const queue = releaser.add("queue", jobQueue("email", redis), (q) => q.close());

  const mailer = await fileMailer(config.BATON_MAIL_DIR);
  const jobs = emailJobs({ mailer, emails: emailStore(db), fault: faultAt, note });
  const handlers = checkedBy(EMAIL_JOBS, jobs);
  const perSecond = config.BATON_MAIL_PER_SECOND;
  const worker = await startWorker({ queue: queue.name, redis, broker, mode, log, perSecond, handlers });
  releaser.add("worker", worker, (w) => w.stop());

  const events = checkedBy(eventsTo("notifications"), emailRequests(queue, note));
  const consumers = await Promise.all(
    Object.entries(events).map(([type, handle]) =>
      subscribe({ group: "notifications", type, handle }, { broker, db, mode, log }),
    ),
  );
  releaser.add("consumers", together(consumers), (c) => c.stop());
  const watched = Object.keys(events).map((type) => ({ group: "notifications", type }));
  releaser.add("consumer gauges", watchConsumers(broker, watched), (end) => end());
  releaser.add("queue gauges", watchQueue(queue.name, redis), (end) => end());

  const ready = async () => {
    await Promise.all([db.query("SELECT 1"), broker.ready(), queue.ready()]);
  };
  releaser.add("server", await serveProbes(config.BATON_HOST, config.BATON_PORT, ready), (s) => s.close());
}
