import { DiagLogLevel, diag, metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { type Reading, readGauges } from "./reading.ts";

const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 3_600_000 });
const provider = new MeterProvider({ readers: [reader] });
metrics.setGlobalMeterProvider(provider);
afterAll(() => provider.shutdown());
beforeEach(() => memory.reset());

/** Collects once; the points of the gauges that this test has made. */
async function collected(...prefixes: string[]): Promise<Record<string, unknown>> {
  memory.reset();
  await provider.forceFlush();
  const found = memory
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => prefixes.some((prefix) => descriptor.name.startsWith(prefix)))
    .flatMap(({ descriptor, dataPoints }) =>
      (dataPoints as DataPoint<number>[]).map(({ value, attributes }) => [
        `${descriptor.name}${JSON.stringify(attributes)}`,
        `${value} ${descriptor.unit}`,
      ]),
    );
  return Object.fromEntries(found);
}

test("one read answers several gauges, each with its unit and attributes, until they are removed", async () => {
  let looks = 0;
  const stop = readGauges({
    gauges: ["baton.outbox.unsent", "baton.outbox.age"],
    read: async () => {
      looks += 1;
      return [
        { name: "baton.outbox.unsent", value: 3, attributes: { of: "x" } },
        { name: "baton.outbox.unsent", value: 4, attributes: { of: "y" } },
        { name: "baton.outbox.age", value: 0.5 },
      ];
    },
  });
  const expected = {
    'baton.outbox.unsent{"of":"x"}': "3 {row}",
    'baton.outbox.unsent{"of":"y"}': "4 {row}",
    "baton.outbox.age{}": "0.5 s",
  };
  expect(await collected("baton.outbox.")).toEqual(expected);
  expect(looks).toBe(1);
  stop();
  await collected("baton.outbox.");
  expect(looks).toBe(1);
});

test("a read that throws or rejects leaves out only its own values, and logs nothing", async () => {
  const error = vi.fn();
  diag.setLogger(
    { error, warn: error, info: () => {}, debug: () => {}, verbose: () => {} },
    DiagLogLevel.WARN,
  );
  const failing = {
    later: async (): Promise<Reading<never>[]> => {
      throw new Error("away");
    },
    atOnce: (): Promise<Reading<never>[]> => {
      throw new Error("away");
    },
  };
  const stops = [
    readGauges({ gauges: ["baton.queue.jobs"], read: failing.later }),
    readGauges({ gauges: ["baton.dead_letters"], read: failing.atOnce }),
    readGauges({ gauges: ["baton.sse.open"], read: async () => [{ name: "baton.sse.open", value: 1 }] }),
  ];
  expect(await collected("baton.queue.", "baton.dead_letters", "baton.sse.")).toEqual({
    "baton.sse.open{}": "1 {stream}",
  });
  diag.disable();
  expect(error.mock.calls).toEqual([]);
  for (const stop of stops) stop();
});

test("a read that hangs is waited for until its timeout, and is not started again meanwhile", async () => {
  const answer = Promise.withResolvers<readonly Reading<"baton.stream.size">[]>();
  let looks = 0;
  const stop = readGauges({
    gauges: ["baton.stream.size"],
    withinMs: 20,
    read: () => {
      looks += 1;
      return answer.promise;
    },
  });
  expect(await collected("baton.stream.")).toEqual({});
  expect(await collected("baton.stream.")).toEqual({});
  expect(looks).toBe(1);
  answer.resolve([{ name: "baton.stream.size", value: 7 }]);
  await answer.promise;
  expect(await collected("baton.stream.")).toEqual({ "baton.stream.size{}": "7 By" });
  stop();
});
