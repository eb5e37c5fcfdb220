import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import type { StackProgram } from "../playground/stack/find.ts";
import { BATON } from "../services/_kit/telemetry/conventions.ts";
import {
  collectorProgram,
  counter,
  lensOn,
  root,
  see,
  send,
  spansOf,
  startCollector,
  type TestCollector,
} from "./collector.fixture.ts";
import { startSink } from "./sink.fixture.ts";

const run = promisify(execFile);
const found = await collectorProgram();
const reason = typeof found === "string" ? found : undefined;
if (reason) process.stderr.write(`the Collector's tests are skipped: ${reason}\n`);
const program = found as StackProgram;

const id = (bytes: number): string => randomBytes(bytes).toString("hex");
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const resource = { attributes: [text("service.name", "sender")] };
const nanos = (ms: number): string => String(BigInt(Math.round(ms)) * 1_000_000n);

/** A span that ended just now. */
function span(traceId: string, more: Readonly<Record<string, unknown>> = {}): object {
  const nowMs = Date.now();
  return {
    traceId,
    spanId: id(8),
    name: "work",
    kind: 2,
    startTimeUnixNano: nanos(nowMs - 20),
    endTimeUnixNano: nanos(nowMs),
    ...more,
  };
}
const traces = (spans: readonly object[]): object => ({
  resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "test" }, spans }] }],
});
const logs = (logRecords: readonly object[]): object => ({
  resourceLogs: [{ resource, scopeLogs: [{ scope: { name: "test" }, logRecords }] }],
});

// reason: no Collector on the PATH, and none can be built without Go.
describe.skipIf(reason !== undefined)("the Collector", () => {
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of running.splice(0).toReversed()) await one.stop();
  });
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    running.push(one);
    return one;
  };
  const start = async (env?: Record<string, string>): Promise<TestCollector> =>
    keep(await startCollector(program, env));

  it.each([
    [["collector.yaml"]],
    [["collector.yaml", "loki.yaml"]],
    [["scaled/tier-one.yaml"]],
    [["scaled/tier-one.yaml", "loki.yaml"]],
    [["scaled/tier-two.yaml"]],
    [["scaled/tier-two.yaml", "scaled/servers.yaml"]],
  ])("accepts %j", async (files) => {
    const configs = files.map((file) => `--config=${path.join(root, "collector", file)}`);
    await run(program.path, ["validate", ...configs], { env: { HOSTNAME: "here" } });
  });

  it("refuses to start when the sampling switch is neither true nor false", async () => {
    const config = `--config=${path.join(root, "collector", "collector.yaml")}`;
    const asked = run(program.path, ["validate", config], { env: { BATON_TAIL_SAMPLING: "maybe" } });
    await expect(asked).rejects.toMatchObject({ stderr: expect.stringContaining("maybe == true") });
  });

  it("sends every span to lens and to Jaeger, and makes rates and exemplars of them", async () => {
    const collector = await start();
    const lens = keep(await lensOn(collector.lensPort));
    const ids = Array.from({ length: 40 }, () => id(16));
    for (const traceId of ids) {
      const spans = Array.from({ length: 25 }, () => span(traceId));
      expect(await send(collector.otlp, "traces", traces(spans))).toBe(200);
    }
    for (const query of [lens.url, collector.jaeger.url]) {
      await see(`1,000 spans at ${query}`, async () => {
        const counts = await Promise.all(ids.map((traceId) => spansOf(query, traceId)));
        return counts.every((spans) => spans?.length === 25) || undefined;
      });
    }
    expect(await counter(`${lens.url}/metrics`, "lens_duplicates_total")).toBe(0);
    const written = (): string =>
      collector.prometheus.received.map(({ body }) => body.toString("latin1")).join();
    await see("span metrics and exemplars by remote write", async () => {
      const all = written();
      const names = ["traces_span_metrics_calls_total", "traces_kept_duration_seconds_bucket", "trace_id"];
      return names.every((name) => all.includes(name)) || undefined;
    });
    expect(ids.some((traceId) => written().includes(traceId))).toBe(true);
    expect(new Set(collector.prometheus.received.map(({ path }) => path))).toEqual(
      new Set(["/api/v1/write"]),
    );
  });

  it("sends the metrics of applications to lens, too", async () => {
    const collector = await start();
    const lens = keep(await lensOn(collector.lensPort));
    const point = { asInt: "3", timeUnixNano: nanos(Date.now()) };
    const metrics = [{ name: "baskets", gauge: { dataPoints: [point] } }];
    const body = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
    expect(await send(collector.otlp, "metrics", body)).toBe(200);
    await see("the point in lens", async () => {
      const answer = await (await fetch(`${lens.url}/api/metrics?name=baskets`)).text();
      return answer.includes('"service":"sender"') || undefined;
    });
  });

  it("lets pages of this machine send, or of the origins that are named, and no others", async () => {
    const allowed = async ({ otlp }: TestCollector, origin: string): Promise<string | null> => {
      const headers = {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,traceparent",
      };
      const answer = await fetch(`${otlp}/v1/traces`, { method: "OPTIONS", headers });
      await answer.body?.cancel();
      return answer.headers.get("access-control-allow-origin");
    };
    const local = await start();
    for (const origin of ["http://localhost", "http://localhost:5173", "http://127.0.0.1:5173"])
      expect(await allowed(local, origin)).toBe(origin);
    for (const origin of ["https://app.example", "http://localhost.evil.example", "null"])
      expect(await allowed(local, origin)).toBeNull();
    const named = await start({ BATON_OTLP_ORIGINS: '["https://app.example"]' });
    expect(await allowed(named, "https://app.example")).toBe("https://app.example");
    expect(await allowed(named, "http://localhost:5173")).toBeNull();
  });

  it("masks card numbers everywhere except in a link's attributes", async () => {
    const collector = await start();
    const sink = keep(await startSink(collector.lensPort));
    const traceId = id(16);
    const cards = ["4111 1111 1111 1111", "4111111111111111", "5500-0000-0000-0004", "340000000000009"];
    for (const card of cards) {
      const planted = [text("note", `paid with ${card}, thanks`), text("baggage.card", card)];
      const spans = [
        span(traceId, {
          name: `charge ${card}`,
          attributes: [...planted, { key: "number", value: { intValue: card.replace(/\D/g, "") } }],
          events: [{ timeUnixNano: nanos(Date.now()), name: `card ${card}`, attributes: planted }],
          status: { code: 2, message: `declined: ${card}` },
        }),
      ];
      const scoped = { scope: { name: "test", attributes: planted }, spans };
      const body = {
        resourceSpans: [
          { resource: { attributes: [...resource.attributes, ...planted] }, scopeSpans: [scoped] },
        ],
      };
      expect(await send(collector.otlp, "traces", body)).toBe(200);
      const map = {
        kvlistValue: {
          values: [...planted, { key: "deep", value: { arrayValue: { values: [{ stringValue: card }] } } }],
        },
      };
      const records = [{ stringValue: `card ${card}` }, map].map((value) => ({
        timeUnixNano: nanos(Date.now()),
        body: value,
        attributes: planted,
      }));
      expect(await send(collector.otlp, "logs", logs(records))).toBe(200);
      const point = { asInt: "1", timeUnixNano: nanos(Date.now()), attributes: planted };
      const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] };
      const metrics = [{ name: "charges", sum }];
      expect(
        await send(collector.otlp, "metrics", {
          resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }],
        }),
      ).toBe(200);
    }
    await see("traces and logs at lens, and the planted metrics by remote write", async () => {
      const paths = sink.received.map(({ path }) => path);
      const written = collector.prometheus.received.map(({ body }) => body.toString("latin1")).join();
      const arrived = paths.includes("/v1/traces") && paths.includes("/v1/logs");
      const inJaeger = (await spansOf(collector.jaeger.url, traceId))?.length === cards.length;
      const asMetrics =
        written.includes("charges_total") && written.includes("traces_span_metrics_calls_total");
      return (arrived && inJaeger && asMetrics) || undefined;
    });
    const jaeger = await (await fetch(`${collector.jaeger.url}/api/v3/traces/${traceId}`)).text();
    const left = [...sink.received, ...collector.prometheus.received].map(({ body }) =>
      body.toString("latin1"),
    );
    for (const out of [...left, jaeger, await collector.log()]) {
      expect(out).not.toMatch(/4111[ -]?1111[ -]?1111|5500[ -]?0000[ -]?0000[ -]?0004|340000000000009/);
    }
    // The values are masked, not lost.
    expect(left.join()).toContain("paid with ****, thanks");
    expect(left.join()).toContain("declined: ****");
    expect(jaeger).toContain("charge ****");
  });

  it("does not mask values that only look like a card number", async () => {
    const collector = await start();
    const lens = keep(await lensOn(collector.lensPort));
    const traceId = id(16);
    const innocent = [
      "1700000000000000001",
      "41111111-4111-4111-8111-411111111111",
      "14111111111111111",
      "a4111111111111111",
    ];
    await send(
      collector.otlp,
      "traces",
      traces([span(traceId, { attributes: innocent.map((value, i) => text(`a${i}`, value)) })]),
    );
    await see("the span", () => spansOf(lens.url, traceId));
    const seen = await (await fetch(`${lens.url}/api/v3/traces/${traceId}`)).text();
    for (const value of innocent) expect(seen).toContain(value);
    expect(seen).not.toContain("redaction");
  });

  it("queues while lens is unreachable, refuses nothing, and delivers when it is back", async () => {
    const collector = await start();
    const ids = Array.from({ length: 50 }, () => id(16));
    for (const traceId of ids) {
      expect(await send(collector.otlp, "traces", traces([span(traceId)]))).toBe(200);
    }
    // Jaeger has everything although lens has nothing: an unreachable backend does not delay the others.
    await see("all of it in Jaeger", async () => {
      const all = await Promise.all(ids.map((traceId) => spansOf(collector.jaeger.url, traceId)));
      return all.every((spans) => spans?.length === 1) || undefined;
    });
    await see("a queue for lens", async () => {
      const waiting = await counter(
        collector.metrics,
        "otelcol_exporter_queue_size",
        'exporter="otlp_http/lens"',
      );
      return waiting > 0 || undefined;
    });
    const lens = keep(await lensOn(collector.lensPort));
    await see("all of it in lens", async () => {
      const all = await Promise.all(ids.map((traceId) => spansOf(lens.url, traceId)));
      return all.every((spans) => spans?.length === 1) || undefined;
    });
    expect(await counter(collector.metrics, "otelcol_receiver_refused_spans")).toBe(0);
    expect(await counter(collector.metrics, "otelcol_exporter_send_failed_spans")).toBe(0);
  });

  it("with tail sampling keeps a failed and a slow trace whole and drops the others, while lens gets all", async () => {
    const collector = await start({
      BATON_TAIL_SAMPLING: "true",
      BATON_TAIL_SAMPLING_WAIT: "2s",
      BATON_TAIL_SAMPLING_PERCENT: "0",
    });
    const lens = keep(await lensOn(collector.lensPort));
    const [good, failed, slow] = [id(16), id(16), id(16)];
    const slowStart = { startTimeUnixNano: nanos(Date.now() - 3_000) };
    // Span by span, as from several services; the failed one is in the middle.
    for (const [traceId, middle] of [
      [good, {}],
      [failed, { status: { code: 2 } }],
      [slow, slowStart],
    ] as const) {
      for (const more of [{}, middle, {}]) {
        expect(await send(collector.otlp, "traces", traces([span(traceId, more)]))).toBe(200);
      }
    }
    for (const traceId of [failed, slow]) {
      await see(`trace ${traceId} whole in Jaeger`, async () =>
        (await spansOf(collector.jaeger.url, traceId))?.length === 3 ? true : undefined,
      );
    }
    await see("the decision to drop one", async () => {
      const name = "otelcol_processor_tail_sampling_global_count_traces_sampled";
      return (await counter(collector.metrics, name, 'sampled="false"')) > 0 || undefined;
    });
    expect(await spansOf(collector.jaeger.url, good)).toBeUndefined();
    for (const traceId of [good, failed, slow]) {
      await see(`trace ${traceId} whole in lens`, async () =>
        (await spansOf(lens.url, traceId))?.length === 3 ? true : undefined,
      );
    }
  });

  it("with tail sampling keeps or drops the traces of a journey together, by its correlation id", async () => {
    const collector = await start({
      BATON_TAIL_SAMPLING: "true",
      BATON_TAIL_SAMPLING_WAIT: "2s",
      BATON_TAIL_SAMPLING_PERCENT: "50",
    });
    const mine = (correlationId: string) => ({ attributes: [text(BATON.correlationId, correlationId)] });
    const isInShare = (correlationId: string): boolean =>
      createHash("sha256").update(correlationId).digest().readUInt32BE() < 0.5 * 2 ** 32;
    const journeys = Array.from({ length: 30 }, (_, n) => ({
      correlationId: `journey-${n}`,
      traceIds: [id(16), id(16), id(16)],
    }));
    // A batch has one message of each of two journeys.
    const batches = Array.from({ length: 15 }, (_, n) => ({
      traceId: id(16),
      of: [`journey-${2 * n}`, `journey-${2 * n + 1}`],
    }));
    const others = Array.from({ length: 30 }, () => id(16));
    for (const { correlationId, traceIds } of journeys)
      for (const traceId of traceIds)
        await send(collector.otlp, "traces", traces([span(traceId), span(traceId, mine(correlationId))]));
    for (const { traceId, of } of batches)
      await send(collector.otlp, "traces", traces(of.map((one) => span(traceId, mine(one)))));
    for (const traceId of others) await send(collector.otlp, "traces", traces([span(traceId)]));

    const decided = (sampled: string): Promise<number> =>
      counter(
        collector.metrics,
        "otelcol_processor_tail_sampling_global_count_traces_sampled",
        `sampled="${sampled}"`,
      );
    const all = 3 * journeys.length + batches.length + others.length;
    await see("a decision about each trace", async () =>
      (await decided("true")) + (await decided("false")) === all ? true : undefined,
    );
    const isKept = async (traceId: string): Promise<boolean> =>
      (await spansOf(collector.jaeger.url, traceId)) !== undefined;
    const ids = [
      ...journeys.flatMap(({ traceIds }) => traceIds),
      ...batches.map(({ traceId }) => traceId),
      ...others,
    ];
    await see("every kept trace in Jaeger", async () => {
      const kept = (await Promise.all(ids.map(isKept))).filter(Boolean).length;
      return kept === (await decided("true")) || undefined;
    });
    for (const { correlationId, traceIds } of journeys) {
      const kept = await Promise.all(traceIds.map(isKept));
      expect(kept, correlationId).toEqual(traceIds.map(() => isInShare(correlationId)));
    }
    for (const { traceId, of } of batches) expect(await isKept(traceId), of.join()).toBe(of.some(isInShare));
    // Both outcomes are among the journeys, and among the traces without an id.
    const inShare = journeys.filter(({ correlationId }) => isInShare(correlationId)).length;
    expect(inShare > 5 && inShare < 25, `${inShare} of 30`).toBe(true);
    const keptOthers = (await Promise.all(others.map(isKept))).filter(Boolean).length;
    expect(keptOthers > 2 && keptOthers < 28, `${keptOthers} of 30`).toBe(true);
  });
});
