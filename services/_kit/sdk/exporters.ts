/**
 * The exporters of telemetry: OTLP over HTTP unless the standard variables say otherwise
 * (`OTEL_{TRACES,METRICS,LOGS}_EXPORTER`: a list of otlp and console, or none; `OTEL_EXPORTER_OTLP_PROTOCOL` and that
 * of each signal: http/protobuf, http/json, grpc). The exporters themselves read endpoints, headers and timeouts.
 */
import { ConsoleLogRecordExporter, type LogRecordExporter } from "@opentelemetry/sdk-logs";
import { ConsoleMetricExporter, type PushMetricExporter } from "@opentelemetry/sdk-metrics";
import { ConsoleSpanExporter, type SpanExporter } from "@opentelemetry/sdk-trace";
import { entriesOf } from "./lists.ts";

/** `otlp` sends in batches, `console` writes at once to standard output. */
interface Of<Exporter> {
  readonly otlp: Exporter | undefined;
  readonly console: Exporter | undefined;
}

export interface Exporters {
  readonly traces: Of<SpanExporter>;
  readonly metrics: Of<PushMetricExporter>;
  readonly logs: Of<LogRecordExporter>;
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

type Signal = "TRACES" | "METRICS" | "LOGS";
const KINDS = ["otlp", "console", "none"];

/** Which exporters a signal has. */
function wanted(env: NodeJS.ProcessEnv, signal: Signal): { otlp: boolean; console: boolean } {
  const names = entriesOf(env[`OTEL_${signal}_EXPORTER`]);
  const strange = names.find((name) => !KINDS.includes(name));
  if (strange !== undefined)
    throw new Error(`OTEL_${signal}_EXPORTER=${strange}: ${KINDS.join(", ")} are supported`);
  if (names.includes("none")) return { otlp: false, console: false };
  return { otlp: names.length === 0 || names.includes("otlp"), console: names.includes("console") };
}

/** `env`: the process's environment. Throws on an exporter or protocol that is not supported. */
export async function exportersFrom(env: NodeJS.ProcessEnv): Promise<Exporters> {
  const protocol = (signal: Signal): string =>
    env[`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`]?.trim() ||
    env.OTEL_EXPORTER_OTLP_PROTOCOL?.trim() ||
    "http/protobuf";
  const of = async <E>(
    signal: Signal,
    otlp: (protocol: string) => Promise<E>,
    toConsole: () => E,
  ): Promise<Of<E>> => {
    const asked = wanted(env, signal);
    return {
      otlp: asked.otlp ? await otlp(protocol(signal)) : undefined,
      console: asked.console ? toConsole() : undefined,
    };
  };
  const [traces, metrics, logs] = await Promise.all([
    of<SpanExporter>("TRACES", traceExporter, () => new ConsoleSpanExporter()),
    of<PushMetricExporter>("METRICS", metricExporter, () => new ConsoleMetricExporter()),
    of<LogRecordExporter>("LOGS", logExporter, () => new ConsoleLogRecordExporter()),
  ]);
  return { traces, metrics, logs };
}

// Each is loaded on demand: gRPC costs a process some 20 MB.

async function traceExporter(protocol: string): Promise<SpanExporter> {
  if (protocol === "grpc")
    return new (await import("@opentelemetry/exporter-trace-otlp-grpc")).OTLPTraceExporter();
  if (protocol === "http/json")
    return new (await import("@opentelemetry/exporter-trace-otlp-http")).OTLPTraceExporter();
  if (protocol !== "http/protobuf") throw unsupported("TRACES", protocol);
  return new (await import("@opentelemetry/exporter-trace-otlp-proto")).OTLPTraceExporter();
}

async function metricExporter(protocol: string): Promise<PushMetricExporter> {
  if (protocol === "grpc")
    return new (await import("@opentelemetry/exporter-metrics-otlp-grpc")).OTLPMetricExporter();
  if (protocol === "http/json")
    return new (await import("@opentelemetry/exporter-metrics-otlp-http")).OTLPMetricExporter();
  if (protocol !== "http/protobuf") throw unsupported("METRICS", protocol);
  return new (await import("@opentelemetry/exporter-metrics-otlp-proto")).OTLPMetricExporter();
}

async function logExporter(protocol: string): Promise<LogRecordExporter> {
  if (protocol === "grpc")
    return new (await import("@opentelemetry/exporter-logs-otlp-grpc")).OTLPLogExporter();
  if (protocol === "http/json")
    return new (await import("@opentelemetry/exporter-logs-otlp-http")).OTLPLogExporter();
  if (protocol !== "http/protobuf") throw unsupported("LOGS", protocol);
  return new (await import("@opentelemetry/exporter-logs-otlp-proto")).OTLPLogExporter();
}

const unsupported = (signal: Signal, protocol: string): Error =>
  new Error(
    `OTEL_EXPORTER_OTLP_PROTOCOL or OTEL_EXPORTER_OTLP_${signal}_PROTOCOL=${protocol}: http/protobuf, http/json and grpc are supported`,
  );
