import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from "@opentelemetry/api";
import { SamplingDecision } from "@opentelemetry/sdk-trace";
import { describe, expect, test } from "vitest";
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

test("a span with links is kept when one of the linked spans is, else dropped; its parent does not count", () => {
  expect(decide({ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, [yes, no])).toBe(kept);
  expect(decide({}, [no, yes])).toBe(kept);
  expect(decide({}, [no, no])).toBe(dropped);
  expect(decide({}, [no], yes)).toBe(dropped);
  expect(decide({}, [yes], no)).toBe(kept);
});

test("a span without links follows its parent, or the sampler of its own where that is set", () => {
  expect(decide({}, [], yes)).toBe(kept);
  expect(decide({}, [], no)).toBe(dropped);
  expect(decide({ OTEL_TRACES_SAMPLER: "always_on" }, [], no)).toBe(kept);
});

describe("at the public edge", () => {
  const CALLER = "a".repeat(32);
  const ofCaller = (env: NodeJS.ProcessEnv, traceFlags: number, isRemote = true) => {
    const parent = { traceId: CALLER, spanId: "1".repeat(16), traceFlags, isRemote };
    const ctx = trace.setSpanContext(ROOT_CONTEXT, parent);
    return samplerFrom(env, true).shouldSample(ctx, CALLER, "POST /", SpanKind.SERVER, {}, []).decision;
  };
  const ratio = (arg: string) => ({
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: arg,
  });

  test("a caller's flag is ignored", () => {
    expect(ofCaller({}, no)).toBe(kept);
    expect(ofCaller({ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, yes)).toBe(dropped);
    expect(ofCaller(ratio("0"), yes)).toBe(dropped);
    expect(ofCaller(ratio("1"), no)).toBe(kept);
  });

  test("a ratio is drawn anew for each request: the same trace id of a caller is kept once and dropped once", () => {
    const decisions = new Set(Array.from({ length: 200 }, () => ofCaller(ratio("0.5"), yes)));
    expect(decisions).toEqual(new Set([kept, dropped]));
  });

  test("a span below the request's span follows it", () => {
    expect(ofCaller(ratio("0"), yes, false)).toBe(kept);
    expect(ofCaller({}, no, false)).toBe(dropped);
  });
});
