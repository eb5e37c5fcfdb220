/** Spans and metrics of databases, as a process of the kit really emits them, held against the registry. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { buffer, text } from "node:stream/consumers";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { readRegistry } from "../../../telemetry/registry.ts";
import { metricsOf, spansOf } from "../../../tests/conformity/decode.ts";
import type { EmittedMetric, EmittedSpan } from "../../../tests/conformity/judge/emitted.ts";
import { judge } from "../../../tests/conformity/judge/judge.ts";
import { violationLines } from "../../../tests/conformity/report.ts";
import { freshDatabase, uniqueName } from "../../../tests/fixtures.ts";

interface Emitted {
  readonly spans: EmittedSpan[];
  readonly metrics: EmittedMetric[];
  readonly pool: string;
}

/** Runs the fixture to its end with these settings; resolves to all that it has sent. */
async function emitted(env: Record<string, string>): Promise<Emitted> {
  const spans: EmittedSpan[] = [];
  const metrics: EmittedMetric[] = [];
  const backend = createServer(async (request, response) => {
    const body = await buffer(request);
    if (request.url === "/v1/traces") spans.push(...spansOf(body));
    if (request.url === "/v1/metrics") metrics.push(...metricsOf(body));
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  const postgres = await freshDatabase(inject("postgresUrl"));
  const here = (file: string) => path.join(import.meta.dirname, file);
  const what = [here("database-spans.fixture.ts"), postgres, inject("redisUrl"), uniqueName("q")];
  const child = spawn(process.execPath, ["--import", here("start.ts"), ...what], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
      BATON_SERVICE: "tiny",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
      ...env,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [err] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect(child.exitCode, err).toBe(0);
  backend.close();
  const { host, pathname } = new URL(postgres);
  return { spans, metrics, pool: `${host}${pathname}` };
}

/** Names of the spans that these scopes have made, in their order. */
const namesBy = ({ spans }: Emitted, library: string): string[] =>
  spans
    .filter(({ origin }) => origin.scope.name === `@opentelemetry/instrumentation-${library}`)
    .map(({ name }) => name);

const violations = async ({ spans, metrics }: Emitted, isMeant: (span: EmittedSpan) => boolean) => {
  const registry = await readRegistry();
  return violationLines(judge({ spans: spans.filter(isMeant), metrics, logs: [] }, registry).violations);
};

const QUERIES = ["SELECT things", "INSERT things", "UPDATE things"];
/** One of the queries is refused by the server. */
const REFUSED = "SELECT things";

/** The unit of a metric, and the event in which the instrumentation puts the exception on the span. */
const UNMENDED = /pending_requests \| wrong unit|unknown event: the span has an event "exception"/;

describe("by default", () => {
  let run: Emitted;
  beforeAll(async () => {
    run = await emitted({});
  });

  test("each query has a span that is called after it, and what says no more than the span around it has none", () => {
    expect(namesBy(run, "pg")).toEqual([...QUERIES, REFUSED]);
    expect(namesBy(run, "ioredis")).toEqual([]);
  });

  test("the pool's metrics are of the pool by host, port and database", () => {
    const counts = run.metrics.filter(({ name }) => name.startsWith("db.client.connection."));
    expect(new Set(counts.map(({ name }) => name))).toEqual(
      new Set([
        "db.client.connection.count",
        "db.client.connection.max",
        "db.client.connection.pending_requests",
      ]),
    );
    const pools = counts.flatMap(({ points }) =>
      points.map(({ attributes }) => attributes.get("db.client.connection.pool.name")?.value),
    );
    expect(new Set(pools)).toEqual(new Set([run.pool]));
  });

  test("the heap's sizes are sums, as the conventions want", () => {
    const heap = run.metrics.filter(({ name }) => name.startsWith("v8js.memory.heap."));
    expect(new Set(heap.map(({ instrument }) => instrument))).toEqual(new Set(["updowncounter"]));
    // A run that takes longer than the interval exports each of them more than once.
    expect(new Set(heap.map(({ name }) => name)).size).toBe(4);
  });

  test("a query that is refused says by which code", () => {
    const [refused] = run.spans.filter(({ status, name }) => status === "ERROR" && name === REFUSED);
    expect(refused?.attributes.get("error.type")?.value).toBe("42703");
    expect(refused?.attributes.get("db.response.status_code")?.value).toBe("42703");
  });

  test("everything follows the registry, but for a unit and an event that no hook mends", async () => {
    const lines = await violations(run, () => true);
    expect(lines.length).toBe(2);
    expect(lines.filter((line) => !UNMENDED.test(line))).toEqual([]);
  });
});

describe("with BATON_DATABASE_SPANS=all", () => {
  let run: Emitted;
  beforeAll(async () => {
    run = await emitted({ BATON_DATABASE_SPANS: "all" });
  });

  test("transactions, connecting and the queue's commands have spans, too", () => {
    const [select, insert, update] = QUERIES;
    expect(namesBy(run, "pg").filter((name) => !name.endsWith("connect"))).toEqual([
      ...[select, "BEGIN", insert, "COMMIT"],
      ...["BEGIN", update, "ROLLBACK"],
      REFUSED,
    ]);
    expect(namesBy(run, "pg")).toContain("pg-pool.connect");
    const commands = new Set(namesBy(run, "ioredis"));
    expect([...commands].filter((name) => name.startsWith("MULTI "))).not.toEqual([]);
    expect(commands).toContain("evalsha");
  });

  test("what asks a database follows the registry", async () => {
    const lines = await violations(run, ({ name }) => !name.endsWith("connect"));
    expect(lines.length).toBe(2);
    expect(lines.filter((line) => !UNMENDED.test(line))).toEqual([]);
  });
});
