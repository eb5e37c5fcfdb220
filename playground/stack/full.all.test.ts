import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { services } from "../../services/topology.ts";
import { patient } from "../../tests/patience.ts";
import { playFirst } from "../clients/play.ts";
import { freePorts } from "../runner/ports.ts";
import { processStart } from "../runner/state.ts";
import { type Playground, up } from "../runner/up.ts";
import { type TemporaryState, temporaryState } from "../temporary.fixture.ts";
import { silent } from "../terminal/report.ts";
import { until } from "../until.ts";
import type { StackPorts } from "./ports.ts";
import { stackPrograms } from "./stack.ts";

const root = path.resolve(import.meta.dirname, "../..");
const never = new AbortController().signal;
const options = { root, dir: path.join(root, ".baton"), env: process.env, report: silent, signal: never };
const reason = await stackPrograms(options).then(
  () => undefined,
  (error: Error) => error.message,
);
if (reason) process.stderr.write(`the full stack's tests are skipped: ${reason}\n`);

async function freeStackPorts(): Promise<StackPorts> {
  const free = Object.values(await freePorts());
  const next = (): number => free.pop() ?? 0;
  return {
    lensOtlpGrpc: next(),
    lensOtlpHttp: next(),
    collectorHealth: next(),
    collectorMetrics: next(),
    jaegerOtlp: next(),
    jaeger: next(),
    prometheus: next(),
    grafana: next(),
  };
}

// reason: a program of the stack is not on the PATH and cannot be made here.
describe.skipIf(reason !== undefined)("the full stack as local programs", () => {
  let state: TemporaryState;
  let playground: Playground;
  let traceId = "";

  beforeAll(async () => {
    state = await temporaryState();
    const [ports, full] = await Promise.all([freePorts(), freeStackPorts()]);
    playground = await up({ dir: state.dir, ports, full, report: silent });
    const { played } = await playFirst({ urls: playground.urls, report: silent, signal: never });
    // All spans have reached lens through the Collector.
    expect(played.map(({ awaited }) => awaited.complete)).toEqual([true, true]);
    traceId = played[0]?.awaited.found?.journey.id ?? "";
  });
  afterAll(async () => {
    await playground?.stop();
    await state.remove();
  });

  /** Prometheus' first non-empty answer to an instant query. */
  const ask = (
    query: string,
  ): Promise<readonly { metric: Record<string, string>; value: [number, string] }[]> =>
    until(
      async (signal) => {
        const url = `${playground.stack.prometheus}/api/v1/query?query=${encodeURIComponent(query)}`;
        const { data } = (await (await fetch(url, { signal })).json()) as {
          data: { result: { metric: Record<string, string>; value: [number, string] }[] };
        };
        return data.result.length > 0 ? data.result : undefined;
      },
      {
        signal: never,
        withinMs: patient(40_000),
        everyMs: 250,
        onLate: () => new Error(`no data for ${query}`),
      },
    );

  it("has addresses and parts for all programs", () => {
    expect(Object.keys(playground.stack)).toEqual(expect.arrayContaining(["jaeger", "prometheus"]));
    const names = playground.parts.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["jaeger", "prometheus", "collector"]));
  });

  it("has the trace of a checkout in Jaeger with as many spans as in lens", async () => {
    const spansAt = async (query: string): Promise<number> => {
      const response = await fetch(`${query}/api/v3/traces/${traceId}`);
      if (response.status !== 200) return 0;
      const { result } = (await response.json()) as {
        result: { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] };
      };
      return result.resourceSpans.flatMap((r) => r.scopeSpans.flatMap(({ spans }) => spans)).length;
    };
    const inLens = await spansAt(playground.urls.lens);
    expect(inLens).toBeGreaterThan(30);
    await until(async () => ((await spansAt(playground.stack.jaeger ?? "")) === inLens ? true : undefined), {
      signal: never,
      withinMs: patient(20_000),
      onLate: async () =>
        new Error(`Jaeger has ${await spansAt(playground.stack.jaeger ?? "")} of ${inLens} spans`),
    });
  });

  it("has rates, service graph, the services' own metrics and the servers' figures in Prometheus", async () => {
    const calls = await ask(
      'traces_span_metrics_calls_total{service_name="gateway",span_kind="SPAN_KIND_SERVER"}',
    );
    expect(calls.map(({ metric }) => metric.http_route)).toContain("/api/v1/checkouts");
    expect(await ask('traces_service_graph_request_total{client="gateway",server="orders"}')).toHaveLength(1);
    await ask('rpc_server_call_duration_seconds_count{service_name="orders"}');
    await ask('{__name__=~"redis_.+",service_name="redis"}');
    const sizes = await ask("postgresql_db_size_bytes");
    expect(sizes.map(({ metric }) => metric.postgresql_database_name)).toContain("baton_orders");
  });

  it("has exemplars that lead to traces that are in Jaeger", async () => {
    await ask("traces_kept_duration_seconds_bucket");
    const now = Date.now() / 1_000;
    const query = new URLSearchParams({
      query: "traces_kept_duration_seconds_bucket",
      start: String(now - 300),
      end: String(now + 5),
    });
    const found = await fetch(`${playground.stack.prometheus}/api/v1/query_exemplars?${query}`);
    const { data } = (await found.json()) as { data: { exemplars: { labels: { trace_id?: string } }[] }[] };
    const [first] = data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect((await fetch(`${playground.stack.jaeger}/api/v3/traces/${first}`)).status).toBe(200);
  });

  it("is scraped: lens, the Collector and Prometheus itself", async () => {
    for (const job of ["lens", "otelcol", "prometheus"]) await ask(`up{job="${job}"} == 1`);
  });

  it("is not traced itself: Jaeger knows the shop's services and no other", async () => {
    const { services: known } = (await (
      await fetch(`${playground.stack.jaeger}/api/v3/services`)
    ).json()) as {
      services: string[];
    };
    expect(known.toSorted()).toEqual(services.map(({ name }) => name).toSorted());
    expect(await readFile(path.join(state.dir, "logs", "jaeger.log"), "utf8")).not.toContain(
      "failed to connect",
    );
  });

  it("leaves nothing running, and no password in its logs", async () => {
    const pids = playground.parts.map(({ child }) => child?.pid() ?? 0);
    await playground.stop();
    for (const pid of pids) expect(await processStart(pid)).toBeNull();
    const secret = new URL(playground.urls.postgres).password;
    const logs = path.join(state.dir, "logs");
    for (const file of await readdir(logs)) {
      expect(await readFile(path.join(logs, file), "utf8"), file).not.toContain(secret);
    }
  });
});
