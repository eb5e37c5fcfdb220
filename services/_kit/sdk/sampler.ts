/**
 * Who decides whether a trace is kept.
 *
 * - A span with links goes on from what it links to. It is kept if any of these is, whatever its parent says: a journey
 *   is kept or dropped whole, and a batch is kept for the sake of one of its messages.
 * - The public edge decides by itself. Otherwise the flag of a caller decides whether a request can be seen at all, and
 *   its trace id decides what a ratio says (W3C Trace Context, "Security considerations").
 */
import { randomBytes } from "node:crypto";
import type { Attributes, Context, Link, SpanKind } from "@opentelemetry/api";
import { ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";

/** Wraps the sampler that decides for spans without links. */
class FollowLinksSampler implements Sampler {
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
    if (links.length > 0) return (links.some(isSampled) ? this.#on : this.#off).shouldSample();
    return this.#otherwise.shouldSample(ctx, traceId, name, kind, attributes, links);
  }

  toString(): string {
    return `FollowLinks{${this.#otherwise.toString()}}`;
  }
}

const isSampled = ({ context }: Pick<Link, "context">): boolean =>
  (context.traceFlags & TraceFlags.SAMPLED) !== 0;

/**
 * At the public edge: `root` decides for a request, whatever its caller says; what is below follows the request's span.
 */
class EdgeSampler implements Sampler {
  readonly #root: Sampler;
  readonly #below = new ParentBasedSampler({ root: new AlwaysOnSampler() });
  constructor(root: Sampler) {
    this.#root = root;
  }

  shouldSample(
    ctx: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    const parent = trace.getSpanContext(ctx);
    const isBelow = parent !== undefined && parent.isRemote !== true;
    if (isBelow) return this.#below.shouldSample(ctx, traceId, name, kind, attributes, links);
    // A ratio is drawn from a trace id. The caller chose the one that goes on: another one is drawn from.
    const drawn = parent === undefined ? traceId : randomBytes(16).toString("hex");
    return this.#root.shouldSample(ROOT_CONTEXT, drawn, name, kind, attributes, links);
  }

  toString(): string {
    return `Edge{${this.#root.toString()}}`;
  }
}

/**
 * The sampler of the standard `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` (specification, "General SDK
 * configuration"), following links. Without them everything is kept. `edge`: whether this process is the public edge; a
 * sampler that follows its parent does not follow a caller there.
 */
export function samplerFrom(env: NodeJS.ProcessEnv, edge = false): Sampler {
  const ratio = Number(env.OTEL_TRACES_SAMPLER_ARG || "1");
  const name = env.OTEL_TRACES_SAMPLER || "parentbased_always_on";
  const plain = name.replace(/^parentbased_/, "");
  const inner: Sampler =
    plain === "always_off"
      ? new AlwaysOffSampler()
      : plain === "traceidratio"
        ? new TraceIdRatioBasedSampler(Number.isFinite(ratio) ? ratio : 1)
        : new AlwaysOnSampler();
  if (edge) return new FollowLinksSampler(new EdgeSampler(inner));
  return new FollowLinksSampler(name === plain ? inner : new ParentBasedSampler({ root: inner }));
}
