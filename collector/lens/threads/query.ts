/** The thread that answers: reads the store beside the thread that writes, and listens on the page's port itself. */
import { parentPort, workerData } from "node:worker_threads";
import { getRequestListener } from "@hono/node-server";
import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import { Counts } from "../counts.ts";
import { type Listening, listen, patientServer, urlOf } from "../listen.ts";
import { queryApp } from "../query/app.ts";
import { Journeys } from "../query/journeys.ts";
import { EvictedOf } from "../query/metrics-text.ts";
import { page } from "../query/page.ts";
import { openForReading } from "../store/files.ts";
import { StoreReader } from "../store/read/store-reader.ts";
import type { FromQuery, QuerySettings, ToQuery } from "./messages.ts";
import { threadLog } from "./thread-log.ts";
import { WriterQuestions } from "./writer-questions.ts";

const settings = workerData as QuerySettings;
const say = (message: FromQuery): void => parentPort?.postMessage(message);

const evicted = new EvictedOf();
const writer = new WriterQuestions(settings.questions, (eviction) => evicted.add(eviction));
const store = new StoreReader(openForReading(settings.dir));
const edges = new Set(settings.edges);
const { index, consumers, linkReason, limitBytes, isForwarding, otlpHttpUrl, otlpGrpcUrl } = settings;
const app = queryApp({
  store,
  sync: () => writer.sync(),
  counts: new Counts(settings.counts),
  evicted,
  limitBytes,
  isForwarding,
  journeys: new Journeys(store, { edges, consumers, linkReason, index }),
  indexed: new Set([BATON.correlationId, ...index]),
  log: threadLog(say),
  hosts: new Set(settings.hosts),
  page: () => page(otlpHttpUrl, otlpGrpcUrl),
});

let listening: Listening | undefined;

async function stop(graceMs: number): Promise<void> {
  await listening?.stop(graceMs);
  store.close();
  settings.questions.close();
  say({ closed: true });
  parentPort?.close();
}

parentPort?.on("message", (message: ToQuery) => void stop(message.close));
const server = patientServer(settings.headersMs, getRequestListener(app.fetch));
listening = await listen(server, settings.host, settings.port, "the page");
say({ url: urlOf(listening) });
