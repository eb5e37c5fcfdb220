/**
 * Starts the OpenTelemetry SDK. Loaded by `--import`, before anything else, so that the instrumented modules have
 * not been loaded yet.
 *
 * `BATON_TELEMETRY=off` leaves out spans, metrics and logs. The context manager and the propagators stay,
 * so that correlation and faults still work. Standard `OTEL_*` variables win over the defaults here.
 */
import { randomUUID } from "node:crypto";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { startNodeSdk } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import { register, supportsSyncHooks } from "import-in-the-middle/register-hooks.mjs";
import { EdgePropagator, EdgeSpanProcessor } from "../http/edge.ts";
import { ConfigError } from "../process/config.ts";
import { uuidv7 } from "../process/uuid.ts";
import { ATTR, METRIC, SCOPE } from "../telemetry/conventions.ts";
import { CorrelationLogProcessor, CorrelationSpanProcessor } from "../telemetry/correlation.ts";
import { counter } from "../telemetry/metrics.ts";
import { IgnoreAskedPropagator } from "./asked.ts";
import { QueriesSampler } from "./database-spans.ts";
import { batching, exportersFrom, metricIntervals } from "./exporters.ts";
import { FailedQueryProcessor } from "./failed-query.ts";
import { onTelemetryFlush } from "./flush.ts";
import { CURATED_MODULES, httpInstrumentation, instrumentations } from "./instrumentations.ts";
import { PreciseStartProcessor } from "./precise-start.ts";
import { propagatorsFrom } from "./propagators.ts";
import { samplerFrom } from "./sampler.ts";
import { readTelemetrySettings, type TelemetrySettings } from "./settings.ts";
import { VIEWS } from "./views.ts";

// The stable names of the http and database conventions, for the instrumentations that still have a choice.
process.env.OTEL_SEMCONV_STABILITY_OPT_IN ??= "http,database";
// The SDK counts its own spans and records, so that these counts can be compared with what arrived.
process.env.OTEL_NODE_EXPERIMENTAL_SDK_METRICS ??= "true";

const settings = settingsOrExit();
const propagators = [
  ...(await propagatorsFrom(process.env)),
  ...(settings.faults ? [] : [new IgnoreAskedPropagator()]),
  ...(settings.edge ? [new EdgePropagator(settings.edge, uuidv7)] : []),
];

if (settings.on) {
  const { traces, metrics, logs } = await exportersFrom(process.env);
  const patched = await instrumentations({
    set: settings.instrumentation,
    incomingHttp: settings.edge !== undefined,
    databaseSpans: settings.databaseSpans,
  });
  const sampler = samplerFrom(process.env, settings.edge !== undefined);
  const sdk = startNodeSdk({
    propagators,
    sampler: settings.databaseSpans === "all" ? sampler : new QueriesSampler(sampler),
    resourceAttributes: { [ATTR.serviceName]: settings.service, [ATTR.serviceInstanceId]: randomUUID() },
    // The lowest of all, so that a version in OTEL_RESOURCE_ATTRIBUTES wins.
    baseResource: defaultResource().merge(
      resourceFromAttributes({ [ATTR.serviceVersion]: SCOPE.version }, { schemaUrl: SCOPE.schemaUrl }),
    ),
    // Nothing is detected unless the variable says so: it would be the same for all services.
    ...(!process.env.OTEL_NODE_RESOURCE_DETECTORS && { resourceDetectors: [] }),
    spanProcessors: [
      new PreciseStartProcessor(),
      new CorrelationSpanProcessor(),
      new FailedQueryProcessor(),
      ...(settings.edge ? [new EdgeSpanProcessor(countRefused)] : []),
      ...(traces.otlp
        ? [new BatchSpanProcessor({ exporter: traces.otlp, ...batching("BSP", process.env) })]
        : []),
      ...(traces.console ? [new SimpleSpanProcessor({ exporter: traces.console })] : []),
    ],
    logRecordProcessors: [
      new CorrelationLogProcessor(),
      ...(logs.otlp
        ? [new BatchLogRecordProcessor({ exporter: logs.otlp, ...batching("BLRP", process.env) })]
        : []),
      ...(logs.console ? [new SimpleLogRecordProcessor({ exporter: logs.console })] : []),
    ],
    metricReaders: [metrics.otlp, metrics.console]
      .filter((exporter) => exporter !== undefined)
      .map((exporter) => new PeriodicExportingMetricReader({ exporter, ...metricIntervals(process.env) })),
    views: VIEWS,
    instrumentations: patched,
  });
  onTelemetryFlush(() => sdk.shutdown());
} else {
  // The SDK would register no propagators either, though the specification says that they stay.
  delete process.env.OTEL_SDK_DISABLED;
  // No tracer, so no spans. The http instrumentation stays at the edge, because its extraction decides the id.
  const patched = settings.edge ? [await httpInstrumentation()] : [];
  const none = { spanProcessors: [], logRecordProcessors: [], metricReaders: [] };
  startNodeSdk({ propagators, ...none, instrumentations: patched });
}

function countRefused(what: string): void {
  counter(METRIC.edgeRefused).add(1, { [ATTR.errorType]: what });
}

/** There is no log yet, so a wrong value is written to standard error. The exit status is the same as later. */
function settingsOrExit(): TelemetrySettings {
  try {
    return readTelemetrySettings(process.env);
  } catch (err) {
    if (!(err instanceof ConfigError)) throw err;
    process.stderr.write(`${err.message}\n`);
    process.exit(2);
  }
}

// After the SDK, so that the hook does not see the SDK's modules; before the service, so that it sees the service's.
if (supportsSyncHooks()) {
  register(settings.instrumentation === "curated" ? { include: CURATED_MODULES } : undefined);
} else {
  const { register: registerAsync } = await import("node:module");
  registerAsync("import-in-the-middle/hook.mjs", import.meta.url);
}
