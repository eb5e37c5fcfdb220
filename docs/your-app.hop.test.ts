/** Each example of docs/your-app.md as a program of its own, on real servers; its spans as lens has them. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { onPorts } from "../collector/lens/lens.fixture.ts";
import type { Lens } from "../collector/lens/server.ts";
import { connectNats } from "../services/_kit/nats/connection.ts";
import { eventually, freshDatabase } from "../tests/fixtures.ts";
import { patient } from "../tests/patience.ts";

const run = promisify(execFile);
const root = path.dirname(import.meta.dirname);
const EXAMPLES = ["nats", "bullmq", "bullmq-retry", "outbox", "connect", "hono"] as const;
const KIND = { server: 2, client: 3, producer: 4, consumer: 5 };

let lens: Lens;

beforeAll(async () => {
  lens = await onPorts("0", "0");
});
afterAll(() => lens.stop());

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly startTimeUnixNano: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes?: readonly { readonly key: string; readonly value: object }[];
}
interface Found {
  readonly result: {
    readonly resourceSpans: readonly { readonly scopeSpans: readonly { spans: Span[] }[] }[];
  };
}

async function spansOf(service: string): Promise<Span[]> {
  const [from, to] = [Date.now() - 3_600_000, Date.now() + 3_600_000].map((ms) => new Date(ms).toISOString());
  const query = `query.service_name=${service}&query.start_time_min=${from}&query.start_time_max=${to}`;
  const response = await fetch(`${lens.url}/api/v3/traces?${query}`);
  if (response.status === 404) return [];
  const { result } = (await response.json()) as Found;
  return result.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans));
}

/** Runs an example to its end. Answers what it said, and the spans that it sent: these and no others. */
async function example<W extends readonly (readonly [kind: number, name: string])[]>(
  name: (typeof EXAMPLES)[number],
  ...wanted: W
): Promise<{ stdout: string; spans: { [I in keyof W]: Span } }> {
  const args = ["--import", "./docs/examples/telemetry.ts", `docs/examples/${name}.ts`];
  const { stdout, stderr } = await run(process.execPath, args, {
    cwd: root,
    timeout: patient(30_000),
    env: {
      PATH: process.env.PATH,
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: lens.otlpHttpUrl,
      NATS_URL: inject("natsUrl"),
      REDIS_URL: inject("redisUrl"),
      POSTGRES_URL: await freshDatabase(inject("postgresUrl")),
    },
  });
  expect(stderr).toBe("");
  const spans = await eventually(`${wanted.length} spans of ${name}`, async () => {
    const found = await spansOf(name);
    return found.length >= wanted.length ? found : undefined;
  });
  const byStart = spans.toSorted((a, b) => Number(a.startTimeUnixNano) - Number(b.startTimeUnixNano));
  const sorted = wanted.map(([kind, called]) => {
    const at = byStart.findIndex((span) => span.kind === kind && span.name === called);
    expect(at, `a span ${called} of kind ${kind}`).toBeGreaterThanOrEqual(0);
    return byStart.splice(at, 1)[0];
  });
  expect(byStart).toEqual([]);
  return { stdout, spans: sorted as { [I in keyof W]: Span } };
}

/** A span by its ids, as a link has it. */
const idsOf = ({ traceId, spanId }: Span) => ({ traceId, spanId });
const linksOf = ({ links = [] }: Span) => links.map(({ traceId, spanId }) => ({ traceId, spanId }));

test("every example is run here", async () => {
  const files = await readdir(path.join(import.meta.dirname, "examples"));
  expect(files.toSorted()).toEqual([...EXAMPLES, "telemetry"].map((name) => `${name}.ts`).toSorted());
});

test("NATS: the consumer's span hangs under the producer's, and links to it", async () => {
  const { stdout, spans } = await example(
    "nats",
    [KIND.producer, "send your-app.placed"],
    [KIND.consumer, "process your-app.placed"],
  );
  const [sent, handled] = spans;
  expect(stdout).toBe("to be mailed: { order: 7 }\n");
  expect(handled).toMatchObject({ traceId: sent.traceId, parentSpanId: sent.spanId });
  expect(linksOf(handled)).toEqual([idsOf(sent)]);
});

test("BullMQ: the worker's span begins a trace of its own, and links to the one that added the job", async () => {
  const { stdout, spans } = await example(
    "bullmq",
    [KIND.producer, "send your-app.invoice"],
    [KIND.consumer, "process your-app.invoice"],
  );
  const [sent, handled] = spans;
  expect(stdout).toBe("to be billed: { order: 7 }\n");
  expect(handled.traceId).not.toBe(sent.traceId);
  expect(handled.parentSpanId ?? "").toBe("");
  expect(linksOf(handled)).toEqual([idsOf(sent)]);
});

test("BullMQ with the modules: both attempts hang under the adding, and the second links to the first", async () => {
  const { stdout, spans } = await example(
    "bullmq-retry",
    [KIND.producer, "send your-retries.parcel"],
    [KIND.consumer, "process your-retries.parcel"],
    [KIND.consumer, "process your-retries.parcel"],
  );
  const [sent, first, second] = spans;
  expect(stdout).toBe("attempt 1: retry\nattempt 2: ack\n");
  for (const span of [first, second])
    expect(span).toMatchObject({ traceId: sent.traceId, parentSpanId: sent.spanId });
  expect(linksOf(first)).toEqual([idsOf(sent)]);
  expect(linksOf(second)).toEqual([idsOf(sent), idsOf(first)]);
  const since = (span: Span) => span.attributes?.find(({ key }) => key === "baton.wait.since")?.value;
  expect([first, second].map(since)).toEqual([{ stringValue: "added" }, { stringValue: "retry" }]);
});

test("outbox: the relay's span hangs under the append's, and so does what hears of it", async () => {
  const nats = await connectNats(inject("natsUrl"), "test");
  const heard: (string | undefined)[] = [];
  nats.connection.subscribe("your-app.paid", {
    callback: (_, { headers }) => void heard.push(headers?.get("traceparent")),
  });
  await nats.connection.flush();
  try {
    const { stdout, spans } = await example(
      "outbox",
      [KIND.producer, "create your-app.paid"],
      [KIND.client, "send your-app.paid"],
    );
    const [made, sent] = spans;
    const { traceId, spanId } = made;
    expect(sent).toMatchObject({ traceId, parentSpanId: spanId });
    expect(linksOf(sent)).toEqual([idsOf(made)]);
    await nats.connection.flush();
    expect(heard).toEqual([`00-${traceId}-${spanId}-01`]);
    expect(stdout).toBe(`sent: { order: 7 } ${heard[0]}\n`);
  } finally {
    await nats.close();
  }
});

test("Connect: the server's span hangs under the client's", async () => {
  const method = "grpc.health.v1.Health/Check";
  const { stdout, spans } = await example("connect", [KIND.client, method], [KIND.server, method]);
  const [called, answered] = spans;
  expect(stdout).toBe("it serves: true\n");
  expect(answered).toMatchObject({ traceId: called.traceId, parentSpanId: called.spanId });
});

test("Hono: the caller's trace goes on, its baggage and an unfit correlation id do not", async () => {
  const { stdout, spans } = await example("hono", [KIND.server, "GET /orders/:id"]);
  const [server] = spans;
  const [, id] = /^([0-9a-f-]{36}) \{ order: '7', goesOn: \[ 'correlation\.id' \] \}\n$/.exec(stdout) ?? [];
  expect(id, stdout).toBeDefined();
  expect(server).toMatchObject({
    traceId: "0af7651916cd43dd8448eb211c80319c",
    parentSpanId: "b7ad6b7169203331",
  });
  expect(server.attributes).toContainEqual({ key: "correlation.id", value: { stringValue: id } });
});
