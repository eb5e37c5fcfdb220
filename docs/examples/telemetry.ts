/** Starts the SDK: `node --import ./telemetry.ts app.ts`. Spans leave by OTLP, to OTEL_EXPORTER_OTLP_ENDPOINT. */
import { W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { startNodeSdk } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace";

const sdk = startNodeSdk({
  // Both: the first carries the trace, the second what goes with a request, such as its correlation id.
  propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  metricReaders: [],
  logRecordProcessors: [],
});
// What has ended is sent before the process does.
process.once("beforeExit", () => sdk.shutdown().catch(console.error));
