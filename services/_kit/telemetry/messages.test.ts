import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterAll, expect, test } from "vitest";
import { AppError } from "../process/errors.ts";
import { countReceived, countSent } from "./messages.ts";

const memory = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const reader = new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 3_600_000 });
const provider = new MeterProvider({ readers: [reader] });
metrics.setGlobalMeterProvider(provider);
afterAll(() => provider.shutdown());

const labels = { "messaging.operation.name": "send" };
const received = { "messaging.operation.name": "receive" };

/** Each metric's points since the last export: its attributes, and what it counted or how often it was measured. */
async function points(): Promise<Record<string, unknown>> {
  await provider.forceFlush();
  const found = memory
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .map(({ descriptor, dataPoints }) => [
      `${descriptor.name} ${descriptor.unit}`,
      dataPoints.map(({ attributes, value }) => ({
        ...attributes,
        n: typeof value === "number" ? value : (value as Histogram).count,
      })),
    ]);
  memory.reset();
  return Object.fromEntries(found);
}

test("messages are counted when they are sent, and the operation is timed", async () => {
  await countSent(labels, 3, async () => {});
  expect(await points()).toEqual({
    "messaging.client.sent.messages {message}": [{ ...labels, n: 3 }],
    "messaging.client.operation.duration s": [{ ...labels, "messaging.operation.type": "send", n: 1 }],
  });
});

test("a send that failed is counted and timed, too, with its error, which goes on to the caller", async () => {
  const failing = countSent(labels, 2, async () => {
    throw new AppError("unavailable", "not now");
  });
  await expect(failing).rejects.toThrow("not now");
  const failed = { ...labels, "error.type": "unavailable" };
  expect(await points()).toEqual({
    "messaging.client.sent.messages {message}": [{ ...failed, n: 2 }],
    "messaging.client.operation.duration s": [{ ...failed, "messaging.operation.type": "send", n: 1 }],
  });
});

test("a batch's messages are counted when they are received, and how long the batch took to fill is timed", async () => {
  countReceived(received, 5, 12);
  expect(await points()).toEqual({
    "messaging.client.consumed.messages {message}": [{ ...received, n: 5 }],
    "messaging.client.operation.duration s": [{ ...received, "messaging.operation.type": "receive", n: 1 }],
  });
});
