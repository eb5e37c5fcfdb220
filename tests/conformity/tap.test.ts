import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTap, type Tap } from "./tap.ts";

const passed: string[] = [];
const backend = createServer((request, response) => {
  passed.push(String(request.url));
  request.resume();
  request.on("end", () => response.writeHead(200, { "content-type": "application/x-protobuf" }).end());
});
let tap: Tap;
beforeAll(async () => {
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  tap = await openTap(`http://127.0.0.1:${(backend.address() as AddressInfo).port}`);
});
afterAll(async () => {
  await tap.close();
  backend.close();
});

const resource = resourceFromAttributes({ "service.name": "test" });
const plain = (attributes: ReadonlyMap<string, { type: string; value: unknown }> | undefined) =>
  Object.fromEntries([...(attributes ?? [])].map(([name, { type, value }]) => [name, `${type} ${value}`]));

test("a span comes through with the types of its attributes, its kind, status, links and scope", async () => {
  const exporter = new OTLPTraceExporter({ url: `${tap.url}/v1/traces` });
  const provider = new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = provider.getTracer("shop", "1.2.3", { schemaUrl: "https://example.test/1" });
  const first = tracer.startSpan("first");
  first.end();
  const span = tracer.startSpan("second", {
    kind: SpanKind.CONSUMER,
    links: [{ context: first.spanContext(), attributes: { why: "creation" } }],
    attributes: { text: "a", whole: 7, half: 0.5, is: true, names: ["a", "b"], none: [] },
  });
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
  await provider.shutdown();
  const [, second] = tap.emitted.spans;
  expect(second).toMatchObject({ name: "second", kind: "CONSUMER", status: "ERROR", parentSpanId: "" });
  expect(second?.origin.scope).toMatchObject({
    name: "shop",
    version: "1.2.3",
    schemaUrl: "https://example.test/1",
  });
  expect(plain(second?.origin.resource)).toMatchObject({ "service.name": "string test" });
  expect(plain(second?.attributes)).toEqual({
    text: "string a",
    whole: "int 7",
    half: "double 0.5",
    is: "boolean true",
    names: "string[] a,b",
    none: "string[] ",
  });
  expect(second?.links.map(plain)).toEqual([{ why: "string creation" }]);
  expect(passed).toContain("/v1/traces");
});

test("metrics come through with instrument, unit, description, bounds and points", async () => {
  const exporter = new OTLPMetricExporter({ url: `${tap.url}/v1/metrics` });
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter("shop");
  meter.createCounter("sold", { unit: "{tea}", description: "Teas." }).add(2, { of: "mint" });
  meter.createUpDownCounter("open").add(-1);
  meter.createGauge("warmth", { unit: "Cel" }).record(21.5);
  meter.createHistogram("time", { unit: "s", advice: { explicitBucketBoundaries: [0.5, 1] } }).record(0.7);
  await provider.shutdown();
  const found = tap.emitted.metrics.map(({ name, instrument, unit, points }) => [
    name,
    instrument,
    unit,
    points.map(({ attributes, bounds }) => [plain(attributes), bounds]),
  ]);
  expect(found).toEqual([
    ["sold", "counter", "{tea}", [[{ of: "string mint" }, undefined]]],
    ["open", "updowncounter", "", [[{}, undefined]]],
    ["warmth", "gauge", "Cel", [[{}, undefined]]],
    ["time", "histogram", "s", [[{}, [0.5, 1]]]],
  ]);
  expect(tap.emitted.metrics[0]?.description).toBe("Teas.");
});

test("a log record comes through with its event's name, severity, body and attributes", async () => {
  const exporter = new OTLPLogExporter({ url: `${tap.url}/v1/logs` });
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  provider.getLogger("shop").emit({
    eventName: "tea.sold",
    severityNumber: 13,
    body: "sold",
    attributes: { cents: 250 },
  });
  await provider.shutdown();
  expect(tap.emitted.logs).toMatchObject([
    { eventName: "tea.sold", severity: 13, body: { type: "string", value: "sold" } },
  ]);
  expect(plain(tap.emitted.logs[0]?.attributes)).toEqual({ cents: "int 250" });
});
