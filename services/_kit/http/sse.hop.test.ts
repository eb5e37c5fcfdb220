import { createRequire } from "node:module";
import { DiagLogLevel, diag, metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { startTestTelemetry } from "../../../tests/telemetry.ts";
import { instrumentations } from "../sdk/instrumentations.ts";
import { httpApp } from "./app.ts";
import type { Listening } from "./listen.ts";
import { serveHttp } from "./server.ts";
import { EventStreams } from "./sse.ts";

const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const provider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 3_600_000 })],
});
metrics.setGlobalMeterProvider(provider);
const [http, ...others] = await instrumentations({
  set: "curated",
  incomingHttp: true,
  databaseSpans: "queries",
});
http?.setMeterProvider(provider);
const telemetry = startTestTelemetry(
  { trace: "continue", faults: true },
  [http, ...others].filter((one) => one !== undefined),
);
// The instrumentation patches the http module when it is required next.
createRequire(import.meta.url)("node:http");
// The SDK's warnings about a span that is used after its end.
const complaints: string[] = [];
const complain = (message: string) => complaints.push(message);
const silent = () => {};
diag.setLogger(
  { error: complain, warn: complain, info: silent, debug: silent, verbose: silent },
  { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
);
const streams = new EventStreams({ log: quiet, maxOpen: 10 });
let server: Listening;
beforeAll(async () => {
  const app = httpApp({ log: quiet, ready: async () => {} });
  app.get("/events/:id", (c) =>
    streams.answer(c, async (signal) =>
      (async function* () {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        yield* [];
      })(),
    ),
  );
  server = await serveHttp(app, "127.0.0.1", 0);
});
afterAll(async () => {
  streams.close();
  await server.close();
  await telemetry.stop();
  await provider.shutdown();
});

/** Collects once. Returns the points of an instrument. */
async function pointsOf<T>(name: string): Promise<DataPoint<T>[]> {
  memory.reset();
  await provider.forceFlush();
  return memory
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) => dataPoints as DataPoint<T>[]);
}

test("the SERVER span ends complete when the headers go out, and not again when the stream ends", async () => {
  const id = uniqueName("stream");
  const client = new AbortController();
  const response = await fetch(`${server.url}/events/${id}`, { signal: client.signal });
  const span = await telemetry.one("GET /events/:id", { "url.path": `/events/${id}` });
  expect(span.attributes).toMatchObject({
    "http.route": "/events/:id",
    "http.response.status_code": 200,
    "correlation.id": response.headers.get("x-correlation-id"),
  });
  const durations = () => pointsOf<{ count: number }>("http.server.request.duration");
  const count = async () => (await durations()).reduce((sum, { value }) => sum + value.count, 0);
  expect(await count(), "requests whose duration was measured while the stream is open").toBe(1);

  const open = async () => (await pointsOf<number>("baton.sse.open"))[0]?.value;
  expect(await open()).toBe(1);
  client.abort();
  await eventually("the stream to be over", async () => ((await open()) === 0 ? true : undefined));
  expect(telemetry.find("GET /events/:id", { "url.path": `/events/${id}` })).toHaveLength(1);
  expect(await count()).toBe(1);
  expect(complaints).toEqual([]);
});
