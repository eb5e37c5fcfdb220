/**
 * The full stack as local programs: the Collector, Jaeger and Prometheus around a playground, with load from k6.
 * Jaeger's spans are read by its query API and sent to a second lens, so that both are checked by the same code.
 * Grafana and Loki are available only as images: their provisioning and LogQL are checked statically, in dashboards/.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfig } from "../collector/lens/config.ts";
import { type Lens, startLens } from "../collector/lens/server.ts";
import { type Held, openIn } from "../dashboards/grafana.fixture.ts";
import { SERVICE } from "../dashboards/links.ts";
import { METRICS, seriesNames, unknownSeries } from "../dashboards/metrics.ts";
import { PARTS } from "../dashboards/parts.ts";
import { withoutVariables } from "../dashboards/promql.ts";
import { queriesOf, readDashboards } from "../dashboards/queries.ts";
import checkout from "../load/scenarios/checkout.ts";
import { scenarios } from "../load/scenarios/index.ts";
import declined from "../load/scenarios/payment-declined.ts";
import { findJourney } from "../playground/clients/lens.ts";
import { portsFor } from "../playground/runner/ports.ts";
import { stackPortsFor } from "../playground/stack/ports.ts";
import { stackProgram } from "../playground/stack/program.ts";
import { stackPrograms } from "../playground/stack/stack.ts";
import { silent } from "../playground/terminal/report.ts";
import { lensWords } from "../services/topology.ts";
import { eventually } from "./fixtures.ts";
import { judge } from "./judge.ts";
import { freeOffset } from "./offset.ts";
import { startPlayground, type TestPlayground } from "./playground.ts";

const root = path.dirname(import.meta.dirname);
const never = new AbortController().signal;
/** An offset, because something may run at the usual ports. */
const OFFSET = await freeOffset(3_100);
const stack = stackPortsFor(OFFSET);
const jaegerUrl = `http://127.0.0.1:${stack.jaeger}`;
const prometheusUrl = `http://127.0.0.1:${stack.prometheus}`;
const CARD = "4111111111111111";

/** Another Grafana's data sources, and where they are. */
const theirs: readonly (Held & { readonly url: string })[] = [
  { type: "prometheus", uid: "their-metrics", url: prometheusUrl },
  { type: "jaeger", uid: "their-traces", url: jaegerUrl },
];

/** Empty when all programs are here or could be made, which takes minutes the first time; else the reason. */
const lacking = await (async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "baton-stack-"));
  try {
    const options = { root, dir, env: process.env, report: silent, signal: never };
    await stackPrograms(options);
    await stackProgram("k6", options);
    return "";
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
})();
if (lacking) console.warn(`the stack test is skipped: ${lacking}`);

/** Runs one scenario's smoke profile by the documented command; rejects with its output when it fails. */
async function smoke(playground: TestPlayground, scenario: string): Promise<string> {
  const child = spawn(process.execPath, ["playground/cli.ts", "load", scenario, "--profile", "smoke"], {
    cwd: root,
    env: {
      ...process.env,
      BATON_PORT_OFFSET: String(OFFSET),
      BATON_GATEWAY_URL: playground.urls.gateway,
      BATON_LENS_URL: playground.urls.lens,
      BATON_JAEGER_URL: jaegerUrl,
      BATON_COLLECTOR: `127.0.0.1:${playground.ports.otlpGrpc}`,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${scenario} ended with ${code}\n${output}`);
  return output;
}

async function json<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

interface Result<T> {
  readonly data: T;
}

describe.skipIf(lacking !== "")("the full stack", () => {
  let playground: TestPlayground;
  /** Gets Jaeger's spans. */
  let mirror: Lens;
  const beganS = Math.floor(Date.now() / 1000);

  beforeAll(async () => {
    mirror = await startLens(
      readConfig({
        ...lensWords(),
        ...{ BATON_PORT: "0", LENS_OTLP_HTTP_PORT: "0", LENS_OTLP_GRPC_PORT: "0" },
      }),
    );
    playground = await startPlayground({}, { ports: portsFor(OFFSET), full: stack });
  });
  afterAll(async () => {
    await playground?.remove();
    await mirror?.stop();
  });

  /** Sends Jaeger's answer to this query to the mirror. */
  async function mirrored(query: string): Promise<void> {
    const { result } = await json<{ result: object }>(`${jaegerUrl}/api/v3/traces${query}`);
    const response = await fetch(`${mirror.otlpHttpUrl}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(result),
    });
    expect(response.status, await response.text()).toBe(200);
  }

  test("k6 runs every scenario, and every check holds", async () => {
    for (const { name } of scenarios) expect(await smoke(playground, name)).toContain(name);
  });

  test.each([
    ["a good checkout", "", checkout],
    ["a declined one", "fault=payments.charge%3Adeclined", declined],
  ] as const)("%s is complete in Jaeger, by the same expectations as in lens", async (_, fault, scenario) => {
    const { hops } = scenario.expect;
    const run = `stack-${scenario.name}`;
    const baggage = [fault, `scenario.run=${run}`].filter(Boolean).join(",");
    const answer = await playground.checkout({}, { baggage });
    const own = await playground.journey(answer.traceId, hops);
    const ids = { correlationId: answer.correlationId, run };
    judge(own, hops, "parent+link", ids);
    const journey = await eventually("the whole journey in Jaeger", async () => {
      for (const traceId of own.journey.traceIds) await mirrored(`/${traceId}`);
      const found = await findJourney(mirror.url, answer.traceId, never);
      return found?.journey.spans.length === own.journey.spans.length ? found.journey : undefined;
    });
    judge({ journey, logs: own.logs }, hops, "parent+link", ids);
  });

  test("all traces of a checkout in link mode are found in Jaeger by its correlation id", async () => {
    const run = "stack-link";
    const answer = await playground.checkout({}, { baggage: `async=link,scenario.run=${run}` });
    const own = await playground.journey(answer.traceId, checkout.expect.hops);
    const query = new URLSearchParams({
      "query.start_time_min": new Date((beganS - 60) * 1000).toISOString(),
      "query.start_time_max": new Date(Date.now() + 60_000).toISOString(),
      "query.num_traces": "100",
      "query.attributes": JSON.stringify({ "correlation.id": answer.correlationId }),
    });
    const journey = await eventually("all traces of the journey in Jaeger", async () => {
      await mirrored(`?${query}`);
      const found = await findJourney(mirror.url, answer.traceId, never);
      return found?.journey.spans.length === own.journey.spans.length ? found.journey : undefined;
    });
    judge({ journey, logs: own.logs }, checkout.expect.hops, "link", {
      correlationId: answer.correlationId,
      run,
    });
  });

  /** Of these queries those that have no answer from Prometheus; waits until all have one. */
  async function silentOf(asked: readonly { what: string; expr: string; url: string }[]): Promise<string[]> {
    let last: string[] = [];
    const ask = async () => {
      const range = `start=${beganS}&end=${Math.ceil(Date.now() / 1000)}&step=5`;
      const answers = await Promise.all(
        asked.map(async ({ what, expr, url }) => {
          const query = `${url}/api/v1/query_range?query=${encodeURIComponent(expr)}&${range}`;
          const { data } = await json<Result<{ result: unknown[] }>>(query);
          return data.result.length === 0 ? [`${what}: ${expr}`] : [];
        }),
      );
      last = answers.flat();
      return last.length === 0 || undefined;
    };
    await eventually("data for every query", ask).catch(() => {});
    return last;
  }

  /** Whether the series of a query are there only after something that has not happened. */
  const isLater = (expr: string): boolean =>
    METRICS.filter((metric) => metric.after !== undefined)
      .flatMap(seriesNames)
      .some((name) => expr.includes(name));

  test("every query of every panel and alert answers with data", async () => {
    // So that the counter of refused headers has a value.
    await playground.checkout({}, { traceparent: "00-broken" });
    const asked = (await queriesOf()).filter(({ expr }) => !isLater(expr));
    expect(asked.length).toBeGreaterThan(50);
    const named = asked.map(({ dashboard, panel, expr }) => ({
      what: `${dashboard} / ${panel}`,
      expr,
      url: prometheusUrl,
    }));
    expect(await silentOf(named)).toEqual([]);
  });

  test("every panel's query answers in a Grafana whose data sources have other uids", async () => {
    const urlOf = new Map(theirs.map(({ uid, url }) => [uid, url]));
    const asked = (await readDashboards()).flatMap((dashboard) =>
      openIn(theirs, dashboard)
        .queries.filter(({ type, expr }) => type === "prometheus" && !isLater(expr))
        .map(({ panel, expr, uid }) => ({
          what: `${dashboard.title} / ${panel}`,
          expr: withoutVariables(expr),
          url: urlOf.get(uid) ?? "",
        })),
    );
    expect(asked.length).toBeGreaterThan(50);
    expect(asked.filter(({ url }) => url !== prometheusUrl)).toEqual([]);
    expect(await silentOf(asked)).toEqual([]);
  });

  test("the links of its panels lead to traces in its Jaeger, and to journeys in lens", async () => {
    const links = (await readDashboards()).flatMap(
      (dashboard) => openIn(theirs, dashboard, { lens: playground.urls.lens }).links,
    );
    const followed = new Set(links.map((link) => link.replaceAll(SERVICE, "orders")));
    const searches = [...followed].filter((link) => link.startsWith("/explore?"));
    const lists = [...followed].filter((link) => link.startsWith(`${playground.urls.lens}/api/journeys`));
    expect([searches.length, lists.length]).toEqual([2, 2]);
    for (const link of searches) {
      const panes = new URLSearchParams(link.slice("/explore?".length)).get("panes") ?? "";
      const { traces } = JSON.parse(panes) as {
        traces: { datasource: string; queries: { service: string }[] };
      };
      expect(traces.datasource).toBe("their-traces");
      const service = traces.queries[0]?.service ?? "";
      const query = new URLSearchParams({
        "query.service_name": service,
        "query.start_time_min": new Date(beganS * 1000).toISOString(),
        "query.start_time_max": new Date(Date.now() + 60_000).toISOString(),
        "query.num_traces": "20",
      });
      const found = await json<{ result: { resourceSpans: unknown[] } }>(
        `${jaegerUrl}/api/v3/traces?${query}`,
      );
      expect(found.result.resourceSpans.length, service).toBeGreaterThan(0);
    }
    for (const link of lists) {
      const { journeys } = await json<{ journeys: unknown[] }>(link);
      expect(journeys.length, link).toBeGreaterThan(0);
    }
  });

  test("the check of every part of the pipeline has an answer", async () => {
    const checks = PARTS.map(({ name, check }) => ({ what: name, expr: check, url: prometheusUrl }));
    expect(await silentOf(checks)).toEqual([]);
  });

  test("Prometheus has every metric of the list, and no unlisted one", async () => {
    const { data } = await json<Result<string[]>>(`${prometheusUrl}/api/v1/label/__name__/values`);
    expect(unknownSeries(data)).toEqual([]);
    const held = new Set(data);
    const expected = METRICS.filter((metric) => metric.after === undefined).flatMap(seriesNames);
    expect(expected.filter((name) => !held.has(name))).toEqual([]);
  });

  test("exemplars lead to traces that exist", async () => {
    const range = `start=${beganS}&end=${Math.ceil(Date.now() / 1000) + 5}`;
    const ids = await eventually("exemplars", async () => {
      const url = `${prometheusUrl}/api/v1/query_exemplars?query=traces_kept_duration_seconds_bucket&${range}`;
      const { data } = await json<Result<{ exemplars: { labels: { trace_id?: string } }[] }[]>>(url);
      const found = data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
      return found.length > 0 ? found : undefined;
    });
    for (const id of new Set(ids.slice(0, 20))) {
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      expect((await fetch(`${jaegerUrl}/api/v3/traces/${id}`)).status, `trace ${id}`).toBe(200);
    }
  });

  test("a planted card number is nowhere in Jaeger, Prometheus and lens", async () => {
    const answer = await playground.checkout(
      { userId: `u.${CARD}`, payment: { token: `tok_${CARD}` } },
      { baggage: `scenario.run=${CARD}`, "user-agent": `card ${CARD}` },
    );
    const own = await playground.journey(answer.traceId, checkout.expect.hops);
    const text = JSON.stringify(own, (_, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    expect(text).toContain(answer.orderId);
    expect(text, "the masked number").toContain("****");
    expect(text).not.toContain(CARD);
    for (const traceId of own.journey.traceIds) {
      const held = await eventually(`the trace ${traceId} in Jaeger`, async () => {
        const response = await fetch(`${jaegerUrl}/api/v3/traces/${traceId}`);
        return response.ok ? response.text() : undefined;
      });
      expect(held).not.toContain(CARD);
    }
    const { data } = await json<Result<string[]>>(`${prometheusUrl}/api/v1/labels`);
    for (const label of data) {
      const values = await json<Result<string[]>>(`${prometheusUrl}/api/v1/label/${label}/values`);
      expect(values.data.join(" "), label).not.toContain(CARD);
    }
  });

  test("nothing is lost between the Collector and its backends", async () => {
    const text = await (await fetch(`http://127.0.0.1:${stack.collectorMetrics}/metrics`)).text();
    const samples = text.split("\n").filter((line) => /^otelcol_(exporter|receiver)_/.test(line));
    const sent = samples.filter((line) => /^otelcol_exporter_sent_/.test(line) && !/ 0$/.test(line));
    for (const exporter of ["otlp_http/lens", "otlp_grpc/jaeger", "prometheus_remote_write"]) {
      expect(sent.join("\n")).toContain(`exporter="${exporter}"`);
    }
    const lost = /^otelcol_(exporter_(send_failed|enqueue_failed)|receiver_(refused|failed))_.* (?!0$)/;
    expect(samples.filter((line) => lost.test(line))).toEqual([]);
  });
});
