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
  expect([all.traces, all.metrics, all.logs].every(({ otlp }) => otlp !== undefined)).toBe(true);
  const some = await exportersFrom({ OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" });
  expect(some.traces.otlp).toBeDefined();
  const nothing = { otlp: undefined, console: undefined };
  expect([some.metrics, some.logs]).toEqual([nothing, nothing]);
});

test("the console is an exporter, too, beside OTLP or instead", async () => {
  const { traces, metrics, logs } = await exportersFrom({
    OTEL_TRACES_EXPORTER: "console",
    OTEL_LOGS_EXPORTER: "otlp, console",
  });
  expect([traces.otlp, traces.console?.constructor.name]).toEqual([undefined, "ConsoleSpanExporter"]);
  expect([metrics.otlp !== undefined, metrics.console]).toEqual([true, undefined]);
  expect([logs.otlp !== undefined, logs.console !== undefined]).toEqual([true, true]);
});

test("a protocol or exporter that is not supported is named", async () => {
  await expect(exportersFrom({ OTEL_TRACES_EXPORTER: "zipkin" })).rejects.toThrow(
    "OTEL_TRACES_EXPORTER=zipkin",
  );
  for (const name of ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"])
    await expect(exportersFrom({ [name]: "carrier-pigeon" })).rejects.toThrow("carrier-pigeon");
});
