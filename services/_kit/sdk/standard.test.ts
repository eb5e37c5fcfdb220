/** The standard variables of OpenTelemetry, each obeyed by a real process that a backend of the test listens to. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { buffer, text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { onPorts } from "../../../collector/lens/lens.fixture.ts";

interface Arrived {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As text; JSON when the process speaks it. */
  readonly body: string;
}

let backend: Server;
let url = "";
let arrived: Arrived[] = [];
beforeEach(async () => {
  arrived = [];
  backend = createServer(async (request, response) => {
    const raw = await buffer(request);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
    arrived.push({ path: request.url ?? "", headers: request.headers, body: body.toString("latin1") });
    response.writeHead(200, { "content-type": request.headers["content-type"] }).end("{}");
  });
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
});
afterEach(() => {
  backend.closeAllConnections();
  backend.close();
});

/** Runs the fixture to its end; resolves to what it said. */
async function run(env: Record<string, string>): Promise<string> {
  const args = ["--import", path.join(import.meta.dirname, "start.ts")];
  const child = spawn(process.execPath, [...args, path.join(import.meta.dirname, "emit.fixture.ts")], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
      BATON_SERVICE: "tiny",
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  expect(child.exitCode, err).toBe(0);
  return out + err;
}

const of = (signal: string): Arrived[] => arrived.filter(({ path: at }) => at === `/v1/${signal}`);

interface Span {
  name: string;
  attributes: { key: string; value: { stringValue?: string } }[];
  events: { attributes: object[] }[];
  links: { attributes: object[] }[];
}
const scopes = <T>(signal: string, kind: string, items: string): T[] =>
  of(signal).flatMap(({ body }) => {
    const capital = kind[0]?.toUpperCase() + kind.slice(1);
    const { [`resource${capital}`]: resources } = JSON.parse(body) as Record<
      string,
      Record<string, never[]>[]
    >;
    const all = resources?.flatMap((one) => one[`scope${capital}`] ?? []) ?? [];
    return all.flatMap((scope) => (scope as Record<string, T[]>)[items] ?? []);
  });
function work(): Span {
  const found = scopes<Span>("traces", "spans", "spans").find(({ name }) => name === "work");
  if (!found) throw new Error("no span");
  return found;
}
const record = () =>
  scopes<{ attributes: { value: { stringValue?: string } }[] }>("logs", "logs", "logRecords")[0];
const resource = (): Record<string, string> => {
  const { resourceSpans } = JSON.parse(of("traces")[0]?.body ?? "{}") as {
    resourceSpans: { resource: { attributes: { key: string; value: { stringValue: string } }[] } }[];
  };
  const all = resourceSpans[0]?.resource.attributes ?? [];
  return Object.fromEntries(all.map(({ key, value }) => [key, value.stringValue]));
};

test("the limits of a span and of a log record", async () => {
  await run({
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: "4",
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "2",
    OTEL_SPAN_EVENT_COUNT_LIMIT: "2",
    OTEL_SPAN_LINK_COUNT_LIMIT: "1",
    OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: "1",
    OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: "2",
    OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: "6",
    OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: "1",
  });
  const { attributes, events, links } = work();
  expect(attributes.map(({ value }) => value.stringValue)).toEqual(["1234", "1234"]);
  expect([events.length, events[0]?.attributes.length]).toEqual([2, 1]);
  expect([links.length, links[0]?.attributes.length]).toEqual([1, 2]);
  expect(record()?.attributes.map(({ value }) => value.stringValue)).toEqual(["123456"]);
});

test("the limits of all attributes, and the older names of those of events and links", async () => {
  await run({
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "3",
    OTEL_ATTRIBUTE_COUNT_LIMIT: "1",
    OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT: "2",
    OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT: "1",
  });
  const { attributes, events, links } = work();
  expect(attributes.map(({ value }) => value.stringValue)).toEqual(["123"]);
  expect(record()?.attributes.map(({ value }) => value.stringValue)).toEqual(["123"]);
  expect([events[0]?.attributes.length, links[0]?.attributes.length]).toEqual([2, 1]);
});

test("attributes of the resource, without the two that each service has for itself, and detectors", async () => {
  const said = "team=a%20b,service.name=mine,service.instance.id=1";
  await run({ OTEL_RESOURCE_ATTRIBUTES: said, OTEL_NODE_RESOURCE_DETECTORS: "process,host" });
  expect(resource()).toMatchObject({ team: "a b", "service.name": "tiny", "host.name": expect.any(String) });
  expect(resource()["service.instance.id"]).not.toBe("1");
  expect(resource()).toHaveProperty("process.pid");
  arrived = [];
  await run({});
  expect(resource()).not.toHaveProperty("process.pid");
});

test("headers, compression and protocol, of all signals and of one", async () => {
  await run({
    OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b,tenant=one",
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: "tenant=two",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: "none",
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf",
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
  });
  const [traces, metrics, logs] = ["traces", "metrics", "logs"].map((signal) => of(signal)[0]?.headers);
  expect(traces).toMatchObject({ "api-key": "a b", tenant: "one", "content-encoding": "gzip" });
  expect(logs).toMatchObject({ "api-key": "a b", tenant: "two" });
  expect(metrics?.["content-encoding"]).toBeUndefined();
  expect([traces?.["content-type"], logs?.["content-type"]]).toEqual([
    "application/x-protobuf",
    "application/json",
  ]);
  expect(
    of("metrics")
      .map(({ body }) => body)
      .join(),
  ).toMatch(/"name":"counted".*?"aggregationTemporality":1/);
});

test("grpc, for one signal and for all", async () => {
  const lens = await onPorts("0", "0");
  const stored = async (): Promise<string[]> =>
    (await (await fetch(`${lens.url}/metrics`)).text())
      .split("\n")
      .filter((line) => /^lens_received_total\{.*\} [1-9]/.test(line))
      .map((line) => /signal="(\w+)"/.exec(line)?.[1] ?? "");
  try {
    await run({
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: lens.otlpGrpcUrl,
    });
    expect(await stored()).toEqual(["traces"]);
    expect([of("traces").length, of("logs").length]).toEqual([0, 1]);
    await run({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_ENDPOINT: lens.otlpGrpcUrl });
    expect(await stored()).toEqual(["traces", "logs", "metrics"]);
  } finally {
    await lens.stop();
  }
});

test("propagators: B3 beside W3C's, which rows and messages need", async () => {
  const [, carrier = "{}"] =
    /^carrier (.*)$/m.exec(await run({ OTEL_PROPAGATORS: "b3multi,tracecontext,baggage" })) ?? [];
  expect(JSON.parse(carrier)).toMatchObject({
    traceparent: expect.any(String),
    baggage: "correlation.id=abc",
    "x-b3-traceid": expect.any(String),
  });
  const [, single = "{}"] =
    /^carrier (.*)$/m.exec(await run({ OTEL_PROPAGATORS: "tracecontext,baggage,b3" })) ?? [];
  expect(JSON.parse(single)).toMatchObject({ b3: expect.any(String) });
});

test("a disabled SDK sends nothing, and hands baggage on all the same", async () => {
  const said = await run({ OTEL_SDK_DISABLED: "TRUE" });
  expect(said).toContain('"baggage":"correlation.id=abc"');
  expect(arrived).toEqual([]);
});

test.each(["on", "off"])(
  "with telemetry %s, what a request may ask for passes a service only where faults are on",
  async (telemetry) => {
    const passedOn = async (faults: string): Promise<string | undefined> =>
      /^passed on (.*)$/m.exec(await run({ BATON_TELEMETRY: telemetry, BATON_FAULTS: faults }))?.[1];
    expect(await passedOn("0")).toBe("correlation.id=abc,foreign=x");
    expect(await passedOn("1")).toBe(
      "correlation.id=abc,fault=tiny.work%3Akill,async=link,scenario.run=mine,foreign=x",
    );
  },
);

test("exporters: the console beside OTLP, and none", async () => {
  const said = await run({ OTEL_TRACES_EXPORTER: "otlp,console", OTEL_METRICS_EXPORTER: "none" });
  expect(said).toContain("name: 'work'");
  expect(["traces", "metrics", "logs"].map((signal) => of(signal).length > 0)).toEqual([true, false, true]);
});

test("a sampler keeps nothing, and batches are as large as they may be", async () => {
  await run({ OTEL_TRACES_SAMPLER: "always_off" });
  expect(of("traces")).toEqual([]);
  await run({ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "2", OTEL_BSP_SCHEDULE_DELAY: "60000" });
  expect(of("traces").length).toBe(3);
});

test("what the SDK says of itself, as log and as metrics, and the names that were opted into", async () => {
  const quiet = await run({ OTEL_LOG_LEVEL: "none", OTEL_NODE_EXPERIMENTAL_SDK_METRICS: "false" });
  expect(quiet.trim().split("\n")).toEqual([
    expect.stringMatching(/^carrier/),
    expect.stringMatching(/^passed on/),
    "names http,database",
  ]);
  expect(
    of("metrics")
      .map(({ body }) => body)
      .join(),
  ).not.toContain("otel.sdk");
  arrived = [];
  const loud = await run({ OTEL_LOG_LEVEL: "ALL", OTEL_SEMCONV_STABILITY_OPT_IN: "http/dup" });
  expect(loud.split("\n").length).toBeGreaterThan(quiet.split("\n").length + 3);
  expect(loud).toContain("names http/dup");
  expect(
    of("metrics")
      .map(({ body }) => body)
      .join(),
  ).toContain("otel.sdk");
});
