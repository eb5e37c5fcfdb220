/**
 * The exporters of telemetry: OTLP over HTTP unless the standard variables say otherwise
 * (`OTEL_{TRACES,METRICS,LOGS}_EXPORTER`: otlp, none; `OTEL_EXPORTER_OTLP_PROTOCOL`: http/protobuf, grpc).
 * The exporters themselves read endpoints, headers and timeouts.
 */
import type { LogRecordExporter } from "@opentelemetry/sdk-logs";
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace";

export interface Exporters {
  readonly traces: SpanExporter | undefined;
  readonly metrics: PushMetricExporter | undefined;
  readonly logs: LogRecordExporter | undefined;
}

/** A number from the environment. A value that is no number, or is below 1, counts as not set. */
function positive(env: NodeJS.ProcessEnv, name: string, preset: number): number {
  const value = Number(env[name]);
  return Number.isFinite(value) && value >= 1 ? value : preset;
}

/**
 * How spans (`BSP`) and log records (`BLRP`) are batched, by the standard variables (specification, "Batch Span
 * Processor"). A playground should show things at once, so they are exported after 200 ms, where the SDK's own defaults
 * are 5 s and 1 s. The queue is large enough for a burst.
 */
export const batching = (prefix: "BSP" | "BLRP", env: NodeJS.ProcessEnv) => ({
  scheduledDelayMillis: positive(env, `OTEL_${prefix}_SCHEDULE_DELAY`, 200),
  maxQueueSize: positive(env, `OTEL_${prefix}_MAX_QUEUE_SIZE`, 16_384),
  maxExportBatchSize: positive(env, `OTEL_${prefix}_MAX_EXPORT_BATCH_SIZE`, 512),
  exportTimeoutMillis: positive(env, `OTEL_${prefix}_EXPORT_TIMEOUT`, 30_000),
});

/** How often metrics are exported: every 5 s, where the SDK's own default is 60 s. */
export function metricIntervals(env: NodeJS.ProcessEnv) {
  const exportIntervalMillis = positive(env, "OTEL_METRIC_EXPORT_INTERVAL", 5_000);
  const timeout = positive(env, "OTEL_METRIC_EXPORT_TIMEOUT", 30_000);
  return { exportIntervalMillis, exportTimeoutMillis: Math.min(timeout, exportIntervalMillis) };
}

/** `env`: the process's environment. Throws on an exporter or protocol that is not supported. */
export async function exportersFrom(env: NodeJS.ProcessEnv): Promise<Exporters> {
  const wanted = (signal: string) => {
    const name = env[`OTEL_${signal}_EXPORTER`] || "otlp";
    if (name !== "otlp" && name !== "none")
      throw new Error(`OTEL_${signal}_EXPORTER=${name}: otlp or none are supported`);
    return name === "otlp";
  };
  const protocol = env.OTEL_EXPORTER_OTLP_PROTOCOL || "http/protobuf";
  const { OTLPTraceExporter, OTLPMetricExporter, OTLPLogExporter } = await classes(protocol);
  return {
    traces: wanted("TRACES") ? new OTLPTraceExporter() : undefined,
    metrics: wanted("METRICS") ? new OTLPMetricExporter() : undefined,
    logs: wanted("LOGS") ? new OTLPLogExporter() : undefined,
  };
}

async function classes(protocol: string) {
  // Loaded on demand: gRPC costs a process some 20 MB.
  if (protocol === "grpc") {
    return {
      ...(await import("@opentelemetry/exporter-trace-otlp-grpc")),
      ...(await import("@opentelemetry/exporter-metrics-otlp-grpc")),
      ...(await import("@opentelemetry/exporter-logs-otlp-grpc")),
    };
  }
  if (protocol !== "http/protobuf")
    throw new Error(`OTEL_EXPORTER_OTLP_PROTOCOL=${protocol}: http/protobuf or grpc are supported`);
  return {
    ...(await import("@opentelemetry/exporter-trace-otlp-proto")),
    ...(await import("@opentelemetry/exporter-metrics-otlp-proto")),
    ...(await import("@opentelemetry/exporter-logs-otlp-proto")),
  };
}
