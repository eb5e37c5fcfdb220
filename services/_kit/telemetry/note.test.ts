import { metrics, type Span, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { pino } from "pino";
import { afterAll, expect, test, vi } from "vitest";
import { quiet } from "../../../tests/fixtures.ts";
import { makeNote } from "./note.ts";

const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const provider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 3_600_000 })],
});
metrics.setGlobalMeterProvider(provider);
afterAll(() => provider.shutdown());

test("a note is counted by its name and reason, and by no id", async () => {
  const note = makeNote<{ made: { orderId: string }; refused: { orderId: string; reason: string } }>(quiet);
  note("made", { orderId: "o-1" });
  note("made", { orderId: "o-2" });
  note("refused", { orderId: "o-3", reason: "card_declined" });
  await provider.forceFlush();
  const counted = memory
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name === "baton.events")
    .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ attributes, value })));
  expect(counted).toEqual([
    { attributes: { "baton.event.name": "baton.made" }, value: 2 },
    { attributes: { "baton.event.name": "baton.refused", "baton.event.reason": "card_declined" }, value: 1 },
  ]);
});

test("a note is a log record with the event's name, and its fields have the registry's names", () => {
  const lines: unknown[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  const note = makeNote<{ "order.placed": { orderId: string; totalCents: number } }>(log);
  note("order.placed", { orderId: "o-1", totalCents: 250 });
  expect(lines).toEqual([
    {
      level: 30,
      "otel.event.name": "baton.order.placed",
      "baton.order.id": "o-1",
      "baton.event.total_cents": 250,
      msg: "order.placed",
    },
  ]);
});

test("an id goes onto the active span, unless that span has ended", () => {
  const note = makeNote<{ made: { orderId: string; count: number } }>(quiet);
  for (const recording of [true, false]) {
    const setAttribute = vi.fn();
    const span: Partial<Span> = { isRecording: () => recording, setAttribute };
    const active = vi.spyOn(trace, "getActiveSpan").mockReturnValue(span as Span);
    note("made", { orderId: "o-1", count: 2 });
    active.mockRestore();
    expect(setAttribute.mock.calls).toEqual(recording ? [["baton.order.id", "o-1"]] : []);
  }
});
