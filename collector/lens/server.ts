/** Lens put together: a store, three receivers in front of it, a query API behind it. */
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { type Logger, pino } from "pino";
import { BATON } from "../../services/_kit/telemetry/conventions.ts";
import type { LensConfig } from "./config.ts";
import { newCounters } from "./counters.ts";
import { type Listening, listen, urlOf } from "./listen.ts";
import { queryApp } from "./query/app.ts";
import { Journeys } from "./query/journeys.ts";
import { page } from "./query/page.ts";
import { BodyReader } from "./receive/body.ts";
import { otlpGrpcServer } from "./receive/grpc.ts";
import { otlpHttpServer } from "./receive/http.ts";
import { Intake } from "./receive/intake.ts";
import { Store } from "./store/store.ts";

export interface Lens {
  /** The page and the query API. */
  readonly url: string;
  readonly otlpHttpUrl: string;
  readonly otlpGrpcUrl: string;
  /** Stops within 2 s; what was stored is gone. */
  stop(): Promise<void>;
}

/** Requests that are running when lens stops get this long. */
const GRACE_MS = 1000;

/**
 * Starts lens and resolves when it listens on all three ports. Rejects with an Error that names the port when one is
 * taken, and then listens on none. `log`: says nothing unless it is given.
 */
export async function startLens(config: LensConfig, log: Logger = pino({ enabled: false })): Promise<Lens> {
  const { host } = config;
  const counters = newCounters();
  const store = new Store(config.storeBytes, (spans, logs) => {
    counters.traces.evicted += spans;
    counters.logs.evicted += logs;
  });
  const indexed = new Set([BATON.correlationId, ...config.index]);
  const intake = new Intake(store, counters, indexed);
  const bodies = new BodyReader(config.maxRequestBytes);
  const urls = { url: "", otlpHttpUrl: "", otlpGrpcUrl: "" };
  const app = queryApp({
    store,
    counters,
    journeys: new Journeys(store, {
      edges: new Set(config.edges),
      consumers: config.consumers,
      index: config.index,
    }),
    indexed,
    log,
    page: () => page(urls.otlpHttpUrl, urls.otlpGrpcUrl),
  });

  const listening: Listening[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(listening.map((server) => server.stop(GRACE_MS)));
  };
  const open = async (...args: Parameters<typeof listen>): Promise<string> => {
    const server = await listen(...args);
    listening.push(server);
    return urlOf(server);
  };
  try {
    urls.otlpHttpUrl = await open(
      otlpHttpServer(intake, bodies, log),
      host,
      config.otlpHttpPort,
      "OTLP/HTTP",
    );
    urls.otlpGrpcUrl = await open(
      otlpGrpcServer(intake, bodies, log),
      host,
      config.otlpGrpcPort,
      "OTLP/gRPC",
    );
    // The page comes last: its /healthz says that the whole of lens is there.
    urls.url = await open(createServer(getRequestListener(app.fetch)), host, config.port, "the page");
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...urls, stop };
}
