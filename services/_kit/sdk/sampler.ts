/**
 * In link mode a consumer begins a new trace. A sampler that decides anew there would keep parts of a journey.
 * So a root span with links follows the flag of its first link: a journey is kept or dropped whole.
 */
import type { Attributes, Context, Link, SpanKind } from "@opentelemetry/api";
import { TraceFlags, trace } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";

/** Wraps the sampler that decides for all other spans. */
class FollowFirstLinkSampler implements Sampler {
  readonly #otherwise: Sampler;
  readonly #on = new AlwaysOnSampler();
  readonly #off = new AlwaysOffSampler();
  constructor(otherwise: Sampler) {
    this.#otherwise = otherwise;
  }

  shouldSample(
    ctx: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    const first = links[0];
    if (trace.getSpanContext(ctx) === undefined && first !== undefined) {
      const kept = (first.context.traceFlags & TraceFlags.SAMPLED) !== 0;
      return (kept ? this.#on : this.#off).shouldSample();
    }
    return this.#otherwise.shouldSample(ctx, traceId, name, kind, attributes, links);
  }

  toString(): string {
    return `FollowFirstLink{${this.#otherwise.toString()}}`;
  }
}

/**
 * The sampler of the standard `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` (specification, "General SDK
 * configuration"), following links. Without them everything is kept.
 */
export function samplerFrom(env: NodeJS.ProcessEnv): Sampler {
  const ratio = Number(env.OTEL_TRACES_SAMPLER_ARG || "1");
  const name = env.OTEL_TRACES_SAMPLER || "parentbased_always_on";
  const plain = name.replace(/^parentbased_/, "");
  const inner: Sampler =
    plain === "always_off"
      ? new AlwaysOffSampler()
      : plain === "traceidratio"
        ? new TraceIdRatioBasedSampler(Number.isFinite(ratio) ? ratio : 1)
        : new AlwaysOnSampler();
  return new FollowFirstLinkSampler(name === plain ? inner : new ParentBasedSampler({ root: inner }));
}
