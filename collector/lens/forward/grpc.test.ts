import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Counts, SIGNALS } from "../counts.ts";
import { onPorts } from "../lens.fixture.ts";
import { encodeJson } from "../otlp/json/in.ts";
import { oneSpan } from "../otlp/requests.fixture.ts";
import { asksToWait, GrpcSink, partial } from "./backend.fixture.ts";
import { Forwarder } from "./forward.ts";
import { readTargets } from "./targets.ts";

let sink: GrpcSink;
let url = "";
let counts: Counts;
let logged = "";
beforeEach(async () => {
  sink = new GrpcSink();
  url = await sink.listen();
  counts = new Counts();
  logged = "";
});
afterEach(() => sink.close());

const forwarder = (more: Readonly<Record<string, string>> = {}): Forwarder =>
  new Forwarder({
    targets: readTargets({
      LENS_FORWARD_URL: url,
      LENS_FORWARD_PROTOCOL: "grpc",
      LENS_FORWARD_HEADERS: "api-key=hunter2",
      ...more,
    }),
    queueBytes: 1_000_000,
    counts,
    log: pino({}, { write: (line) => (logged += line) }),
  });
const request = encodeJson("TracesRequest", oneSpan());
const taken = { signal: "traces", encoding: "protobuf", body: request, items: 1 } as const;

describe("a backend that speaks gRPC", () => {
  test("gets each signal by its method, with the headers, compressed", async () => {
    const sender = forwarder();
    for (const signal of ["traces", "logs", "metrics"] as const) sender.offer({ ...taken, signal });
    await sender.stop(10_000);
    expect(sink.arrived.map(({ headers }) => headers[":path"])).toEqual([
      "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
      "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    ]);
    expect(sink.arrived[0]).toMatchObject({
      body: request,
      headers: {
        "api-key": "hunter2",
        te: "trailers",
        "grpc-encoding": "gzip",
        "content-type": "application/grpc",
      },
    });
    expect(SIGNALS.map((signal) => counts.of(signal, "forwarded"))).toEqual([1, 1, 1]);
  });

  test("gets as protobuf what came as JSON, with each number to its last digit", async () => {
    const metrics = (asInt: string): string =>
      `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":${asInt}}]}}]}]}]}`;
    const sender = forwarder({ LENS_FORWARD_COMPRESSION: "none" });
    sender.offer({ ...taken, encoding: "json", body: Buffer.from(JSON.stringify(oneSpan())) });
    sender.offer({
      ...taken,
      signal: "metrics",
      encoding: "json",
      body: Buffer.from(metrics("9007199254740993")),
    });
    await sender.stop(10_000);
    const exact = encodeJson("MetricsRequest", JSON.parse(metrics('"9007199254740993"')));
    expect(sink.arrived.map(({ body }) => body)).toEqual([request, exact]);
    expect(SIGNALS.map((signal) => counts.of(signal, "forwarded"))).toEqual([1, 0, 1]);
  });

  test("is asked again where it may be, also after the connection was cut, and waits as long as it is asked to", async () => {
    sink.replies.push(
      { trailers: { "grpc-status": "14", "grpc-message": "not%20now" } },
      {},
      { trailers: { "grpc-status": "8", "grpc-status-details-bin": asksToWait(0, 1_000_000) } },
      { status: 503 },
    );
    const sender = forwarder();
    sender.offer(taken);
    await sender.stop(20_000);
    expect(sink.arrived).toHaveLength(5);
    expect(counts.of("traces", "forwarded")).toBe(1);
    expect(logged).toContain("gRPC status 14: not now");
    expect(logged).toContain("forwarding works again");
    expect(logged).not.toContain("hunter2");
  });

  test.each([
    ["3", "INVALID_ARGUMENT"],
    ["8", "RESOURCE_EXHAUSTED without a wait"],
    ["16", "UNAUTHENTICATED"],
  ])("refuses with %s (%s): the request is dropped, counted and said", async (status) => {
    sink.replies.push({ trailers: { "grpc-status": status, "grpc-message": "bad%0Akey" } });
    const sender = forwarder();
    sender.offer(taken);
    await sender.stop(10_000);
    expect(sink.arrived).toHaveLength(1);
    expect([counts.of("traces", "forwarded"), counts.of("traces", "dropped refused")]).toEqual([0, 1]);
    expect(logged).toContain("bad key");
  });

  test("takes a part: the rest is counted", async () => {
    sink.replies.push({ trailers: { "grpc-status": "0" }, message: partial(3, "too old") });
    const sender = forwarder();
    sender.offer({ ...taken, items: 4 });
    await sender.stop(10_000);
    expect([counts.of("traces", "forwarded"), counts.of("traces", "dropped rejected")]).toEqual([1, 3]);
    expect(logged).toContain("too old");
  });

  test("gets all that lens takes, and is a lens itself", async () => {
    const other = await onPorts("0", "0");
    const lens = await onPorts("0", "0", {
      LENS_FORWARD_URL: other.otlpGrpcUrl,
      LENS_FORWARD_PROTOCOL: "grpc",
    });
    const answer = await fetch(`${lens.otlpHttpUrl}/v1/traces`, {
      method: "POST",
      body: JSON.stringify(oneSpan()),
      headers: { "content-type": "application/json" },
    });
    expect(answer.status).toBe(200);
    await expect
      .poll(async () => (await fetch(`${other.url}/metrics`)).text())
      .toContain('lens_stored_total{signal="traces"} 1\n');
    await Promise.all([lens.stop(), other.stop()]);
  });
});
