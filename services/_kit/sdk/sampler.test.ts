import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from "@opentelemetry/api";
import { SamplingDecision } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { samplerFrom } from "./sampler.ts";

const decide = (env: NodeJS.ProcessEnv, links: number[], parentFlags?: number) => {
  const traceId = "f".repeat(32);
  const context = (traceFlags: number) => ({ traceId, spanId: "1".repeat(16), traceFlags });
  const ctx =
    parentFlags === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context(parentFlags));
  const asLinks = links.map((flags) => ({ context: context(flags) }));
  return samplerFrom(env).shouldSample(ctx, traceId, "process", SpanKind.CONSUMER, {}, asLinks).decision;
};
const { RECORD_AND_SAMPLED: kept, NOT_RECORD: dropped } = SamplingDecision;
const { SAMPLED: yes, NONE: no } = TraceFlags;

test("everything is kept unless the standard variables say otherwise", () => {
  expect(decide({}, [])).toBe(kept);
  expect(decide({ OTEL_TRACES_SAMPLER: "always_off" }, [])).toBe(dropped);
  expect(decide({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" }, [])).toBe(dropped);
});

test("a root with links follows the first link, so that a journey is kept or dropped whole", () => {
  expect(decide({ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, [yes, no])).toBe(kept);
  expect(decide({}, [no, yes])).toBe(dropped);
});

test("a span with a parent follows its parent, whatever it links to", () => {
  expect(decide({}, [no], yes)).toBe(kept);
  expect(decide({}, [yes], no)).toBe(dropped);
});
