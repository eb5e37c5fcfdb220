import * as z from "zod";
import { eventsTo } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { openDatabase } from "../_kit/database/postgres.ts";
import { attemptsSchema } from "../_kit/events/attempts.ts";
import { subscribeInBatches } from "../_kit/events/batch.ts";
import { together } from "../_kit/events/consumer.ts";
import { watchConsumers } from "../_kit/events/gauges.ts";
import { inboxSchema } from "../_kit/events/inbox.ts";
import { listening, readConfig, streaming } from "../_kit/process/config.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import { readTelemetrySettings } from "../_kit/sdk/settings.ts";
import { openBroker } from "../_kit/service/broker.ts";
import type { Life } from "../_kit/service/main.ts";
import { serveProbes } from "../_kit/service/probes.ts";
import { faultAt } from "../_kit/telemetry/faults.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { serviceNamed } from "../topology.ts";
import { recorders } from "./record.ts";
import { analyticsStore } from "./store.ts";

const declared = serviceNamed("analytics");
const schema = z.object({ ...listening(declared.port), BATON_POSTGRES_URL: z.url(), ...streaming() });
const BATCH = { maxMessages: 64, lingerMs: 20 };

export async function compose({ log, releaser, signal }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const mode = readTelemetrySettings(env).asyncMode;
  const note = makeNote<Vocabulary>(log);

  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema, attemptsSchema];
  const db = releaser.add(
    "database",
    await openDatabase(config.BATON_POSTGRES_URL, schemas, log, { signal }),
    (d) => d.close(),
  );
  const broker = await openBroker({
    url: config.BATON_NATS_URL,
    name: "analytics",
    replicas: config.BATON_NATS_REPLICAS,
    log,
  });
  releaser.add("broker", broker, (b) => b.close());
  await broker.ensure([]);

  const record = recorders({ store: analyticsStore(db), fault: faultAt, note });
  const handlers = checkedBy(eventsTo("analytics"), record);
  const consumers = await Promise.all(
    Object.entries(handlers).map(([type, handle]) =>
      subscribeInBatches({ group: "analytics", type, handle }, BATCH, { broker, db, mode, log }),
    ),
  );
  releaser.add("consumers", together(consumers), (c) => c.stop());
  const watched = Object.keys(handlers).map((type) => ({ group: "analytics", type }));
  releaser.add("consumer gauges", watchConsumers(broker, watched), (end) => end());

  const ready = async () => {
    await Promise.all([db.query("SELECT 1"), broker.ready()]);
  };
  releaser.add("server", await serveProbes(config.BATON_HOST, config.BATON_PORT, ready), (s) => s.close());
}
