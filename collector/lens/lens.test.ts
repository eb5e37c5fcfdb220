import { connect } from "node:http2";
import { createConnection } from "node:net";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { describe, expect, test } from "vitest";
import { EXPORT, eachWithLens, onPorts } from "./lens.fixture.ts";

const lens = eachWithLens();

/** Everything that a span can hold, made by the real SDK; returns the ids of its trace and span. */
async function sendSpan(exporter: SpanExporter): Promise<{ traceId: string; spanId: string }> {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "gateway" }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const span = provider.getTracer("shop", "1.2.3").startSpan("POST /checkouts", {
    kind: SpanKind.SERVER,
    startTime: [1_700_000_000, 123_456_789],
    links: [
      {
        context: { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 },
        attributes: { why: "x" },
      },
    ],
    attributes: {
      "correlation.id": "c-1",
      "baton.order.id": "o-1",
      list: ["a", "b"],
      n: -7,
      half: 0.5,
      yes: true,
    },
  });
  span.addEvent("charged", { amount: 12 }, [1_700_000_000, 123_456_790]);
  span.setStatus({ code: SpanStatusCode.ERROR, message: "declined" });
  span.end([1_700_000_001, 1]);
  await provider.shutdown();
  return span.spanContext();
}

describe("the real exporters", () => {
  test.each([
    ["OTLP/HTTP", () => new OTLPTraceExporter({ url: `${lens().current.otlpHttpUrl}/v1/traces` })],
    ["OTLP/gRPC", () => new GrpcTraceExporter({ url: lens().current.otlpGrpcUrl })],
  ])("bring a span whole over %s", async (_, exporter) => {
    const { traceId, spanId } = await sendSpan(exporter());
    const { body } = await lens().get(`/api/journeys/${traceId}`);
    expect(body.journey).toMatchObject({
      id: traceId,
      correlationId: "c-1",
      orderIds: ["o-1"],
      spans: [
        {
          span: {
            spanId,
            name: "POST /checkouts",
            kind: "SERVER",
            startNs: "1700000000123456789",
            endNs: "1700000001000000001",
            status: "ERROR",
            statusMessage: "declined",
            attributes: { list: ["a", "b"], n: -7, half: 0.5, yes: true },
            events: [{ timeNs: "1700000000123456790", name: "charged", attributes: { amount: 12 } }],
            links: [{ traceId: "1".repeat(32), spanId: "2".repeat(16), attributes: { why: "x" } }],
            service: "gateway",
            scope: "shop",
          },
        },
      ],
    });
  });

  test("bring log records, found by trace and by correlation id", async () => {
    const exporter = new OTLPLogExporter({ url: `${lens().current.otlpHttpUrl}/v1/logs` });
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
    const { traceId } = await sendSpan(
      new OTLPTraceExporter({ url: `${lens().current.otlpHttpUrl}/v1/traces` }),
    );
    const inside = trace.setSpanContext(context.active(), {
      traceId,
      spanId: "b7ad6b7169203331",
      traceFlags: 1,
    });
    const logger = provider.getLogger("shop");
    const attributes = { "correlation.id": "c-1" };
    logger.emit({ body: "inside", context: inside, attributes, severityNumber: 9, timestamp: 1000 });
    logger.emit({ body: "outside", attributes, timestamp: 2000 });
    logger.emit({ body: "another's", attributes: { "correlation.id": "c-2" }, timestamp: 3000 });
    await provider.shutdown();
    const bodies = async (path: string) => {
      const { body } = await lens().get(path);
      return (body.logs as { body: string }[]).map((log) => log.body);
    };
    expect(await bodies("/api/journeys/c-1?logs=true")).toEqual(["inside", "outside"]);
    expect(await bodies(`/api/logs?trace_id=${traceId}`)).toEqual(["inside"]);
    expect(await bodies("/api/logs?correlation_id=c-1")).toEqual(["inside", "outside"]);
  });

  test("bring metrics, with their points by attributes", async () => {
    const exporter = new OTLPMetricExporter({ url: `${lens().current.otlpHttpUrl}/v1/metrics` });
    const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
    const orders = provider.getMeter("shop").createCounter("orders");
    orders.add(1, { sku: "teapot" });
    orders.add(1, { sku: "mug" });
    await provider.shutdown();
    expect(await lens().counter("lens_received_total", 'signal="metrics"')).toBe(2);
    const { body } = await lens().get("/api/metrics?name=orders");
    expect(body.metrics).toMatchObject([
      {
        kind: "sum",
        series: ["teapot", "mug"].map((sku) => ({ attributes: { sku }, points: [{ asDouble: 1 }] })),
      },
    ]);
  });
});

const portOf = (url: string): string => new URL(url).port;

test("a port that is taken is named, and nothing is left listening", async () => {
  const other = await onPorts("0", "0");
  await other.stop();
  const [free, taken] = [portOf(other.otlpHttpUrl), portOf(lens().current.otlpGrpcUrl)];
  await expect(onPorts(free, taken)).rejects.toThrow(`OTLP/gRPC cannot listen on 127.0.0.1:${taken}`);
  const again = await onPorts(free, "0");
  expect(portOf(again.otlpHttpUrl)).toBe(free);
  await again.stop();
});

test("stops with requests under way, and frees its ports", async () => {
  const ports = [portOf(lens().current.otlpHttpUrl), portOf(lens().current.otlpGrpcUrl)] as const;
  const socket = createConnection(Number(ports[0]), "127.0.0.1");
  socket.on("error", () => {});
  const session = connect(lens().current.otlpGrpcUrl);
  session.on("error", () => {});
  const unfinished = session.request({
    ":method": "POST",
    ":path": EXPORT,
    "content-type": "application/grpc",
  });
  unfinished.on("error", () => {});
  // Its answer says that lens has the unfinished call too, which went before it.
  const finished = session.request({ ":path": "/" });
  await Promise.all([
    new Promise((resolve) => socket.write("POST /v1/traces HTTP/1.1\r\n", resolve)),
    new Promise((resolve) => finished.once("response", resolve)),
  ]);
  await lens().current.stop();
  session.destroy();
  socket.destroy();
  lens().current = await onPorts(...ports);
  expect([portOf(lens().current.otlpHttpUrl), portOf(lens().current.otlpGrpcUrl)]).toEqual(ports);
});
