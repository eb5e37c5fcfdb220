/** Reads the gauges that `readGauges` registered, as a metric reader does. */
import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";

const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);

/** To be called before any gauge is made. The returned provider is to be shut down at the end. */
export function startGauges(): MeterProvider {
  provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 3_600_000 })],
  });
  metrics.setGlobalMeterProvider(provider);
  return provider;
}

let provider: MeterProvider | undefined;

/** Runs `look`, then removes the gauges by `unwatch`. */
export async function watching(
  unwatch: () => Promise<void> | void,
  look: () => Promise<void>,
): Promise<void> {
  try {
    await look();
  } finally {
    await unwatch();
  }
}

/** Collects once. Returns the values of a gauge by one of its attributes. */
export async function values(name: string, attribute = ""): Promise<Record<string, number>> {
  memory.reset();
  await provider?.forceFlush();
  const points = memory
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) => dataPoints as DataPoint<number>[]);
  return Object.fromEntries(
    points.map(({ attributes, value }) => [String(attributes[attribute] ?? ""), value]),
  );
}
