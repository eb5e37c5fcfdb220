import type { HrTime } from "@opentelemetry/api";
import { hrTimeToMicroseconds } from "@opentelemetry/core";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { type Clocks, PreciseStartProcessor } from "./precise-start.ts";

const startUs = (span: ReadableSpan): number => hrTimeToMicroseconds(span.startTime);

test("spans that start one after the other have starts in that order, also within one millisecond", () => {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new PreciseStartProcessor(), new SimpleSpanProcessor({ exporter: memory })],
  });
  for (let n = 0; n < 200; n += 1) provider.getTracer("test").startSpan("span").end();
  const starts = memory.getFinishedSpans().map(startUs);
  // From the first spans the processor learns the difference between the clocks.
  const settled = starts.slice(100);
  expect(new Set(settled.map((us) => us % 1_000)).size).toBeGreaterThan(10);
  const backwards = settled.filter((us, index) => index > 0 && us < (settled[index - 1] ?? 0));
  expect(backwards.length).toBeLessThanOrEqual(1);
});

test("a start stays within the millisecond that the SDK read, and no span ends before it starts", () => {
  const epochMs = 1_795_262_400_000;
  let fineMs = epochMs;
  // A wall clock that is 5 ms ahead and rounds down, as Date.now() does.
  const clocks: Clocks = { fineMs: () => fineMs, wallMs: () => Math.floor(fineMs + 5) };
  const memory = new InMemorySpanExporter();
  const processor = new PreciseStartProcessor(clocks);
  const provider = new TracerProvider({
    spanProcessors: [processor, new SimpleSpanProcessor({ exporter: memory })],
  });
  const given: number[] = [];
  for (let step = 0; step < 40; step += 1) {
    fineMs = epochMs + step * 0.3;
    given.push(clocks.wallMs());
    provider.getTracer("test").startSpan("span", { startTime: clocks.wallMs() }).end();
  }
  const rests = memory.getFinishedSpans().map((span, index) => startUs(span) - (given[index] ?? 0) * 1_000);
  expect(rests.every((us) => us >= 0 && us < 1_000)).toBe(true);
  expect(rests.slice(0, 4).map((us) => Math.round(us / 100))).toEqual([0, 3, 6, 9]);
  for (const span of memory.getFinishedSpans()) expect(span.duration[0]).toBeGreaterThanOrEqual(0);
});

test("a start that is given to the microsecond is unchanged", () => {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new PreciseStartProcessor(), new SimpleSpanProcessor({ exporter: memory })],
  });
  const startTime: HrTime = [1_795_262_400, 123_456_000];
  provider.getTracer("test").startSpan("span", { startTime }).end();
  expect(memory.getFinishedSpans()[0]?.startTime).toEqual(startTime);
});
