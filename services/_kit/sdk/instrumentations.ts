/**
 * What is patched. `curated` (the default) is the short list that this system needs, configured so that polling
 * and queue internals make no spans. `auto` is all of auto-instrumentations-node, to compare with.
 */
import type { Instrumentation } from "@opentelemetry/instrumentation";
import { type DatabaseSpans, postgresConfig, redisConfig } from "./database-spans.ts";
import { entriesOf } from "./lists.ts";

export type InstrumentationSet = "curated" | "auto";

/** Modules that the curated list patches, for the loader hook. */
export const CURATED_MODULES = [
  "http",
  "https",
  "node:http",
  "node:https",
  "pg",
  "pg-pool",
  "ioredis",
  "pino",
];

export interface InstrumentationOptions {
  readonly set: InstrumentationSet;
  /** Only the public edge takes its SERVER spans from the http module; RPC servers make their own. */
  readonly incomingHttp: boolean;
  readonly databaseSpans: DatabaseSpans;
}

/** Instances that no SDK has enabled yet. */
export async function instrumentations(options: InstrumentationOptions): Promise<Instrumentation[]> {
  const http = httpConfig(options.incomingHttp);
  const pg = postgresConfig(options.databaseSpans);
  const withRedis = options.databaseSpans === "all";
  if (options.set === "auto") {
    const { getNodeAutoInstrumentations } = await import("@opentelemetry/auto-instrumentations-node");
    return getNodeAutoInstrumentations({
      "@opentelemetry/instrumentation-http": http,
      "@opentelemetry/instrumentation-pg": pg,
      "@opentelemetry/instrumentation-ioredis": { ...redisConfig, enabled: withRedis },
    });
  }
  const [
    { HttpInstrumentation },
    { PgInstrumentation },
    { IORedisInstrumentation },
    { PinoInstrumentation },
    { RuntimeNodeInstrumentation },
  ] = await Promise.all([
    import("@opentelemetry/instrumentation-http"),
    import("@opentelemetry/instrumentation-pg"),
    import("@opentelemetry/instrumentation-ioredis"),
    import("@opentelemetry/instrumentation-pino"),
    import("@opentelemetry/instrumentation-runtime-node"),
  ]);
  return [
    new HttpInstrumentation(http),
    new PgInstrumentation(pg),
    ...(withRedis ? [new IORedisInstrumentation(redisConfig)] : []),
    new PinoInstrumentation(),
    new RuntimeNodeInstrumentation(),
  ].filter(({ instrumentationName }) => isWanted(instrumentationName, process.env));
}

const SHORT = "@opentelemetry/instrumentation-";

/** By the standard lists of short names, which `auto` reads itself. */
export function isWanted(instrumentation: string, env: NodeJS.ProcessEnv): boolean {
  const name = instrumentation.replace(SHORT, "");
  const enabled = entriesOf(env.OTEL_NODE_ENABLED_INSTRUMENTATIONS);
  if (entriesOf(env.OTEL_NODE_DISABLED_INSTRUMENTATIONS).includes(name)) return false;
  return enabled.length === 0 || enabled.includes(name);
}

/** The http instrumentation alone: the public edge needs it for extraction, also when telemetry is off. */
export async function httpInstrumentation(): Promise<Instrumentation> {
  const { HttpInstrumentation } = await import("@opentelemetry/instrumentation-http");
  return new HttpInstrumentation(httpConfig(true));
}

const PROBES = new Set(["/healthz", "/readyz"]);

const httpConfig = (incoming: boolean) => ({
  disableIncomingRequestInstrumentation: !incoming,
  ignoreIncomingRequestHook: (request: { url?: string | undefined }) => PROBES.has(request.url ?? ""),
  // The OTLP exporter and the readiness probes speak HTTP too, outside any request.
  requireParentforOutgoingSpans: true,
});
