import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterAll, expect, test } from "vitest";
import { quiet } from "../../../tests/fixtures.ts";
import { AppError } from "../process/errors.ts";
import { messagesAt } from "../telemetry/destination.ts";
import { type Delivery, deliver } from "./delivery.ts";

const memory = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const reader = new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 3_600_000 });
const provider = new MeterProvider({ readers: [reader] });
metrics.setGlobalMeterProvider(provider);
afterAll(() => provider.shutdown());

const delivery: Delivery = {
  ...messagesAt({ system: "nats", server: { address: "broker.test", port: 1 } }, "events.Made", {
    group: "test",
    subscription: "test-Made",
  }),
  messageId: "m-1",
  attempt: 1,
  maxAttempts: 3,
  handover: { carrier: {}, createdAtMs: undefined },
  waits: [
    { kind: "outbox", ms: 40 },
    { kind: "stream", ms: -3 },
  ],
};

/** The data points of a metric since the last export. */
async function points(name: string): Promise<DataPoint<unknown>[]> {
  return memory
    .getMetrics()
    .flatMap((resource) => resource.scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter((metric) => metric.descriptor.name === name)
    .flatMap((metric) => metric.dataPoints as DataPoint<unknown>[]);
}

test("a delivery's waits, its duration and its error are metrics, in seconds, with explicit boundaries", async () => {
  await deliver(delivery, "process", "link", quiet, async () => {});
  await deliver(delivery, "process", "link", quiet, async () => {
    throw new AppError("unavailable", "not now");
  });
  await provider.forceFlush();

  const waits = await points("baton.message.wait");
  const byKind = new Map(
    waits.map((point) => [point.attributes["baton.wait.kind"], point.value as Histogram]),
  );
  expect(byKind.get("outbox")).toMatchObject({ count: 2, sum: 0.08 });
  expect(byKind.get("stream"), "clocks that differ make no negative wait").toMatchObject({
    count: 2,
    sum: 0,
  });
  expect(byKind.get("outbox")?.buckets.boundaries).toContain(0.05);

  const durations = await points("messaging.process.duration");
  expect(durations.map((point) => point.attributes["error.type"]).toSorted()).toEqual([
    "unavailable",
    undefined,
  ]);
  const consumed = await points("messaging.client.consumed.messages");
  expect(consumed).toMatchObject([
    {
      value: 2,
      attributes: {
        "messaging.system.name": "nats",
        "messaging.destination.template": "events.Made",
        "messaging.consumer.group.name": "test",
      },
    },
  ]);
});
