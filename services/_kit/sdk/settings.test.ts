import { expect, test } from "vitest";
import { ConfigError } from "../process/config.ts";
import { readTelemetrySettings } from "./settings.ts";

test("by default telemetry is on, the mode is parent+link, and the process is not the edge", () => {
  expect(readTelemetrySettings({})).toEqual({
    on: true,
    service: "unknown_service",
    instrumentation: "curated",
    databaseSpans: "queries",
    asyncMode: "parent+link",
    faults: false,
    edge: undefined,
  });
});

test.each([
  ["127.0.0.1", "continue"],
  ["::1", "continue"],
  ["localhost", "continue"],
  ["0.0.0.0", "restart"],
  ["::", "restart"],
  ["10.0.0.7", "restart"],
  ["127.0.0.1.example.test", "restart"],
])(
  "an edge that listens on %s has the trace mode %s by default, and BATON_EDGE_TRACE overrides it",
  (host, preset) => {
    const edge = { BATON_EDGE: "1", BATON_HOST: host };
    expect(readTelemetrySettings(edge).edge).toEqual({ trace: preset, faults: false });
    for (const said of ["continue", "restart"])
      expect(readTelemetrySettings({ ...edge, BATON_EDGE_TRACE: said }).edge?.trace).toBe(said);
  },
);

test.each([
  ["BATON_ASYNC", "link", "sometimes"],
  ["BATON_TELEMETRY", "off", "maybe"],
  ["BATON_INSTRUMENTATION", "auto", "all"],
  ["BATON_DATABASE_SPANS", "all", "none"],
  ["BATON_EDGE", "1", "yes"],
  ["BATON_EDGE_TRACE", "restart", "break"],
  ["BATON_FAULTS", "1", "true"],
  ["OTEL_SDK_DISABLED", "true", "1"],
  ["OTEL_CONFIG_FILE", "", "otel.yaml"],
  ["OTEL_TRACES_EXPORTER", "none", "zipkin"],
  ["OTEL_METRICS_EXPORTER", "none", "prometheus"],
  ["OTEL_LOGS_EXPORTER", "otlp", "file"],
  ["OTEL_TRACES_EXPORTER", "otlp,console", "otlp,zipkin"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "carrier-pigeon"],
  ["OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/json", "tcp"],
  ["OTEL_PROPAGATORS", "tracecontext,baggage,b3", "b3"],
  ["OTEL_PROPAGATORS", "baggage, tracecontext", "tracecontext,baggage,jaeger"],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", "collector:4318"],
  ["OTEL_TRACES_SAMPLER", "parentbased_traceidratio", "most"],
  ["OTEL_TRACES_SAMPLER_ARG", "0.25", "25%"],
  ["OTEL_BSP_SCHEDULE_DELAY", "1000", "soon"],
  ["OTEL_BLRP_MAX_QUEUE_SIZE", "1", "0"],
  ["OTEL_METRIC_EXPORT_INTERVAL", "5000", "5s"],
])("%s may be %s or empty; %s is refused, and both are named", (name, right, wrong) => {
  readTelemetrySettings({ [name]: right });
  readTelemetrySettings({ [name]: "" });
  const refusing = () => readTelemetrySettings({ [name]: wrong });
  expect(refusing).toThrow(ConfigError);
  expect(refusing).toThrow(new RegExp(`${name}: .*${JSON.stringify(wrong)}`));
});
