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
async function collected(prefix: string): Promise<Record<string, unknown>> {
  memory.reset();
  await provider.forceFlush();
  const found = memory
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name.startsWith(prefix))
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
    units: { "a.rows": "{row}", "a.age": "s" },
    read: async () => {
      looks += 1;
      return [
        { name: "a.rows", value: 3, attributes: { of: "x" } },
        { name: "a.rows", value: 4, attributes: { of: "y" } },
        { name: "a.age", value: 0.5 },
      ];
    },
  });
  const expected = { 'a.rows{"of":"x"}': "3 {row}", 'a.rows{"of":"y"}': "4 {row}", "a.age{}": "0.5 s" };
  expect(await collected("a.")).toEqual(expected);
  expect(looks).toBe(1);
  stop();
  await collected("a.");
  expect(looks).toBe(1);
});

test("a read that throws or rejects leaves out only its own values, and logs nothing", async () => {
  const error = vi.fn();
  diag.setLogger(
    { error, warn: error, info: () => {}, debug: () => {}, verbose: () => {} },
    DiagLogLevel.WARN,
  );
  const failing = {
    later: async (): Promise<Reading<string>[]> => {
      throw new Error("away");
    },
    atOnce: (): Promise<Reading<string>[]> => {
      throw new Error("away");
    },
  };
  const stops = [
    readGauges({ units: { "b.later": "1" }, read: failing.later }),
    readGauges({ units: { "b.at_once": "1" }, read: failing.atOnce }),
    readGauges({ units: { "b.fine": "1" }, read: async () => [{ name: "b.fine", value: 1 }] }),
  ];
  expect(await collected("b.")).toEqual({ "b.fine{}": "1 1" });
  diag.disable();
  expect(error.mock.calls).toEqual([]);
  for (const stop of stops) stop();
});

test("a read that hangs is waited for until its timeout, and is not started again meanwhile", async () => {
  const answer = Promise.withResolvers<readonly Reading<"c.late">[]>();
  let looks = 0;
  const stop = readGauges({
    units: { "c.late": "1" },
    withinMs: 20,
    read: () => {
      looks += 1;
      return answer.promise;
    },
  });
  expect(await collected("c.")).toEqual({});
  expect(await collected("c.")).toEqual({});
  expect(looks).toBe(1);
  answer.resolve([{ name: "c.late", value: 7 }]);
  await answer.promise;
  expect(await collected("c.")).toEqual({ "c.late{}": "7 1" });
  stop();
});
