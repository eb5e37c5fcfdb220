/** The environment variables that decide how a process sets up its telemetry. */
import * as z from "zod";
import type { EdgeOptions, EdgeTrace } from "../http/edge.ts";
import { listening, readConfig } from "../process/config.ts";
import { ASYNC_MODES, type AsyncMode } from "../telemetry/propagation.ts";
import type { DatabaseSpans } from "./database-spans.ts";
import type { InstrumentationSet } from "./instrumentations.ts";
import { entriesOf } from "./lists.ts";

export interface TelemetrySettings {
  readonly on: boolean;
  readonly service: string;
  readonly instrumentation: InstrumentationSet;
  readonly databaseSpans: DatabaseSpans;
  readonly asyncMode: AsyncMode;
  /** Whether a request may ask for faults (`BATON_FAULTS=1`). */
  readonly faults: boolean;
  /** Only in the process at the public edge. */
  readonly edge: EdgeOptions | undefined;
}

const whole = z.coerce.number().int().min(1).optional();
const named = <T>(names: readonly string[], one: T): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, one]));

/** A list that is separated by commas. `must`: what has to be in it. */
const list = (values: readonly string[], must: readonly string[] = []) =>
  z
    .string()
    .refine(
      (text) => {
        const given = entriesOf(text);
        return given.every((one) => values.includes(one)) && must.every((one) => given.includes(one));
      },
      `must be a list of ${values.join(", ")}${must.length > 0 ? `, with ${must.join(" and ")} in it` : ""}`,
    )
    .optional();
const bool = z.enum(["true", "false"], "must be true or false");
/** The SDK takes it in any case. */
const truth = z
  .preprocess((value) => (typeof value === "string" ? value.trim().toLowerCase() : value), bool)
  .optional();

const SIGNALS = ["TRACES", "METRICS", "LOGS"];
/** What rows, messages and jobs store is W3C's, whatever else the calls carry. */
const NEEDED_PROPAGATORS = ["tracecontext", "baggage"];

/**
 * The standard variables that the SDK's parts read themselves (exporters.ts, sampler.ts). They are checked here as
 * well, because the SDK ignores values that it does not understand, so that a mistyped ratio would go unnoticed.
 */
const standard = z.object({
  OTEL_SDK_DISABLED: truth,
  OTEL_CONFIG_FILE: z
    .never("a configuration file would replace what hands the context on: set variables instead")
    .optional(),
  OTEL_PROPAGATORS: list([...NEEDED_PROPAGATORS, "b3", "b3multi"], NEEDED_PROPAGATORS),
  ...named(
    SIGNALS.map((signal) => `OTEL_${signal}_EXPORTER`),
    list(["otlp", "console", "none"]),
  ),
  ...named(
    ["", ...SIGNALS.map((signal) => `${signal}_`)].map((signal) => `OTEL_EXPORTER_OTLP_${signal}PROTOCOL`),
    z.enum(["http/protobuf", "http/json", "grpc"]).optional(),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_TRACES_SAMPLER: z
    .enum([
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ])
    .optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).optional(),
  ...named(
    ["BSP", "BLRP"].flatMap((prefix) =>
      ["SCHEDULE_DELAY", "EXPORT_TIMEOUT", "MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE"].map(
        (what) => `OTEL_${prefix}_${what}`,
      ),
    ),
    whole,
  ),
  OTEL_METRIC_EXPORT_INTERVAL: whole,
  OTEL_METRIC_EXPORT_TIMEOUT: whole,
});

const schema = standard.extend({
  BATON_SERVICE: z.string().min(1).default("unknown_service"),
  OTEL_SERVICE_NAME: z.string().optional(),
  BATON_TELEMETRY: z.enum(["on", "off"]).default("on"),
  BATON_INSTRUMENTATION: z.enum(["curated", "auto"]).default("curated"),
  BATON_DATABASE_SPANS: z.enum(["queries", "all"]).default("queries"),
  BATON_ASYNC: z.enum(ASYNC_MODES).default("parent+link"),
  BATON_EDGE: z.enum(["0", "1"]).default("0"),
  BATON_EDGE_TRACE: z.enum(["continue", "restart"]).optional(),
  BATON_HOST: listening(0).BATON_HOST,
  BATON_FAULTS: z.enum(["0", "1"]).default("0"),
});

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/**
 * Whether an edge that listens on `host` continues its caller's trace. It does on this machine only, where people who
 * learn tracing try exactly that. Elsewhere any outsider could choose the trace in which our spans appear, so the edge
 * starts a new one, with a link to the caller's (W3C Trace Context, "Privacy" and "Security considerations").
 */
const edgeTraceAt = (host: string): EdgeTrace => (LOOPBACK.test(host) ? "continue" : "restart");

/** Throws a ConfigError that names every wrong variable. */
export function readTelemetrySettings(env: NodeJS.ProcessEnv): TelemetrySettings {
  const read = readConfig(schema, env);
  const faults = read.BATON_FAULTS === "1";
  return Object.freeze({
    on: read.BATON_TELEMETRY === "on" && read.OTEL_SDK_DISABLED !== "true",
    service: read.OTEL_SERVICE_NAME ?? read.BATON_SERVICE,
    instrumentation: read.BATON_INSTRUMENTATION,
    databaseSpans: read.BATON_DATABASE_SPANS,
    asyncMode: read.BATON_ASYNC,
    faults,
    edge:
      read.BATON_EDGE === "1"
        ? { trace: read.BATON_EDGE_TRACE ?? edgeTraceAt(read.BATON_HOST), faults }
        : undefined,
  });
}
