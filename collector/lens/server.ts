/** Lens put together: a store, three receivers in front of it, a query API behind it. */
import { getRequestListener } from "@hono/node-server";
import { type Logger, pino } from "pino";
import { BATON } from "../../services/_kit/telemetry/conventions.ts";
import type { LensConfig } from "./config.ts";
import { newCounters, newForwardCounts, renderForwarding } from "./counters.ts";
import { Forwarder } from "./forward/forward.ts";
import { keep, takeUp } from "./keep/keep.ts";
import { HEADERS_MS, type Listening, listen, patientServer, urlOf } from "./listen.ts";
import { queryApp } from "./query/app.ts";
import { Journeys } from "./query/journeys.ts";
import { page } from "./query/page.ts";
import { BodyReader } from "./receive/body.ts";
import { otlpGrpcServer } from "./receive/grpc.ts";
import { otlpHttpServer } from "./receive/http.ts";
import { Intake } from "./receive/intake.ts";
import { type Eviction, Store } from "./store/store.ts";

export interface Lens {
  /** The page and the query API. */
  readonly url: string;
  readonly otlpHttpUrl: string;
  readonly otlpGrpcUrl: string;
  /**
   * Stops within 2 s; what was stored is gone, unless it is to be kept: then within 8 s, as for what is to be sent on.
   */
  stop(): Promise<void>;
}

/** Requests that are running when lens stops get this long. */
const GRACE_MS = 1000;
/** And what still waits to be sent on, this long. */
const FORWARD_GRACE_MS = 2000;

/**
 * Starts lens and resolves when it listens on all three ports. Rejects with an Error that names the port when one is
 * taken, and then listens on none. `log`: says nothing unless it is given. `headersMs`: how long a client may be
 * silent.
 */
export async function startLens(
  config: LensConfig,
  log: Logger = pino({ enabled: false }),
  headersMs = HEADERS_MS,
): Promise<Lens> {
  const { host } = config;
  const counters = newCounters();
  const forwardCounts = newForwardCounts();
  const edges = new Set(config.edges);
  const { consumers } = config;
  const onEvict = ({ service, spans, logs }: Eviction): void => {
    counters.traces.evicted += spans;
    counters.logs.evicted += logs;
    counters.evictedOf.add(service, spans);
  };
  const store = new Store(config.storeBytes, { edges, consumers, onEvict });
  const indexed = new Set([BATON.correlationId, ...config.index]);
  const forwarder =
    config.forward && new Forwarder({ ...config.forward, counts: forwardCounts, log, env: process.env });
  const intake = new Intake(store, counters, {
    index: indexed,
    onTaken: (taken) => forwarder?.offer(taken),
  });
  const bodies = new BodyReader(config.maxRequestBytes);
  const urls = { url: "", otlpHttpUrl: "", otlpGrpcUrl: "" };
  const app = queryApp({
    store,
    counters,
    journeys: new Journeys(store, {
      edges,
      consumers,
      index: config.index,
    }),
    indexed,
    log,
    moreMetrics: () => (forwarder ? renderForwarding(forwardCounts, forwarder.queueBytes) : ""),
    page: () => page(urls.otlpHttpUrl, urls.otlpGrpcUrl),
  });

  const listening: Listening[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(listening.map((server) => server.stop(GRACE_MS)));
  };
  const stop = async (): Promise<void> => {
    await close();
    await forwarder?.stop(FORWARD_GRACE_MS);
    if (config.dataDir) await keep(store, config.dataDir, log);
  };
  const open = async (...args: Parameters<typeof listen>): Promise<string> => {
    const server = await listen(...args);
    listening.push(server);
    return urlOf(server);
  };
  try {
    // What was kept has been forwarded before.
    if (config.dataDir) await takeUp(new Intake(store, counters, { index: indexed }), config.dataDir, log);
    urls.otlpHttpUrl = await open(
      otlpHttpServer(intake, bodies, log, headersMs),
      host,
      config.otlpHttpPort,
      "OTLP/HTTP",
    );
    urls.otlpGrpcUrl = await open(
      otlpGrpcServer(intake, bodies, log, headersMs),
      host,
      config.otlpGrpcPort,
      "OTLP/gRPC",
    );
    // The page comes last: its /healthz says that the whole of lens is there.
    const pages = patientServer(headersMs, getRequestListener(app.fetch));
    urls.url = await open(pages, host, config.port, "the page");
  } catch (error) {
    await close();
    throw error;
  }
  return { ...urls, stop };
}
