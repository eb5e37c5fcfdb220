import { expect, test } from "vitest";
import { batching, exportersFrom, metricIntervals } from "./exporters.ts";

test("telemetry is exported after a short delay unless the standard variables say otherwise", () => {
  expect(batching("BSP", {})).toMatchObject({ scheduledDelayMillis: 200, maxQueueSize: 16_384 });
  expect(batching("BLRP", { OTEL_BLRP_SCHEDULE_DELAY: "750" }).scheduledDelayMillis).toBe(750);
  expect(batching("BSP", { OTEL_BLRP_SCHEDULE_DELAY: "750" }).scheduledDelayMillis).toBe(200);
  expect(batching("BSP", { OTEL_BSP_SCHEDULE_DELAY: "soon" }).scheduledDelayMillis).toBe(200);
});

test("a metrics export never takes longer than its interval", () => {
  const given = { OTEL_METRIC_EXPORT_INTERVAL: "1000", OTEL_METRIC_EXPORT_TIMEOUT: "4000" };
  expect(metricIntervals(given)).toEqual({ exportIntervalMillis: 1_000, exportTimeoutMillis: 1_000 });
});

test("each signal is exported by OTLP, or not at all when the standard variables say none", async () => {
  const all = await exportersFrom({});
  expect([all.traces, all.metrics, all.logs].every((exporter) => exporter !== undefined)).toBe(true);
  const some = await exportersFrom({ OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" });
  expect(some.traces).toBeDefined();
  expect([some.metrics, some.logs]).toEqual([undefined, undefined]);
});

test("a protocol or exporter that is not supported is named", async () => {
  await expect(exportersFrom({ OTEL_TRACES_EXPORTER: "zipkin" })).rejects.toThrow(
    "OTEL_TRACES_EXPORTER=zipkin",
  );
  await expect(exportersFrom({ OTEL_EXPORTER_OTLP_PROTOCOL: "carrier-pigeon" })).rejects.toThrow(
    "carrier-pigeon",
  );
});
