/** The query API over a store, in one thread and without a server. */
import { pino } from "pino";
import { SHOP } from "../journey/fuzz/shop.ts";
import { Hasher } from "../otlp/hasher.ts";
import { IndexKeys } from "../otlp/read/index-keys.ts";
import { oneSpan, textAttribute } from "../otlp/requests.fixture.ts";
import { Intake } from "../receive/intake.ts";
import { INDEX, TestStore } from "../store/store.fixture.ts";
import { queryApp } from "./app.ts";
import { Journeys } from "./journeys.ts";
import { EvictedOf } from "./metrics-text.ts";

/** The n-th trace id. */
export const trace = (n: number): string => n.toString(16).padStart(32, "0");
/** The n-th span id. */
export const span = (n: number): string => n.toString(16).padStart(16, "0");
/** `seconds` after a moment in November 2023. */
export const at = (seconds: number): string => `${1_700_000_000 + seconds}000000000`;

/** `send` and `sendLogs` take OTLP/JSON; `get` asks and reads the JSON answer. */
export function newApp(stored = new TestStore()) {
  const { counts, reader: store } = stored;
  const intake = new Intake({
    counts,
    keys: new IndexKeys(new Hasher(stored.store.seed), INDEX),
    store: async (batch) => stored.writer.take(batch),
  });
  const journeys = new Journeys(store, { ...SHOP, index: INDEX });
  const app = queryApp({
    store,
    sync: async () => stored.commit(),
    counts,
    evicted: new EvictedOf(),
    limitBytes: 1e9,
    isForwarding: false,
    journeys,
    indexed: new Set(INDEX),
    log: pino({ enabled: false }),
    hosts: new Set(["lens"]),
    page: () => "<p>lens",
  });
  return {
    store,
    journeys,
    send: (request: object) => intake.json("traces", Buffer.from(JSON.stringify(request))),
    sendLogs: (request: object) => intake.json("logs", Buffer.from(JSON.stringify(request))),
    sendMetrics: (request: object) => intake.json("metrics", Buffer.from(JSON.stringify(request))),
    stored,
    async get(path: string) {
      const response = await app.request(path);
      const body = (await response.json()) as Record<string, unknown>;
      return { status: response.status, type: response.headers.get("content-type"), body };
    },
    request: (path: string, init?: RequestInit) => app.request(path, init),
  };
}

/** A checkout of one trace at the edge, and the trace of a consumer that links to it. */
export async function checkout(
  app: ReturnType<typeof newApp>,
  n: number,
  correlationId: string,
  orderId = `o${n}`,
): Promise<void> {
  const attributes = [
    textAttribute("correlation.id", correlationId),
    textAttribute("baton.order.id", orderId),
  ];
  const times = { startTimeUnixNano: at(n), endTimeUnixNano: at(n + 1), attributes };
  await app.send(oneSpan({ traceId: trace(n), spanId: span(n), ...times }));
  const links = [{ traceId: trace(n), spanId: span(n) }];
  const consumer = {
    traceId: trace(n + 100),
    spanId: span(n + 100),
    kind: 5,
    name: "process orders",
    links,
    ...times,
  };
  await app.send(oneSpan(consumer, "shipping"));
}
