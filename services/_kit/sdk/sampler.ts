/**
 * Decides whether a trace is kept.
 *
 * - A span with links is kept if one of the linked spans is; its parent does not count. A journey is thus kept or
 *   dropped as a whole, and a batch is kept for the sake of one of its messages.
 * - The public edge ignores its caller. Otherwise a caller's flag would decide whether a request can be seen at all,
 *   and its trace id would decide the result of a ratio (W3C Trace Context, "Security considerations").
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

/** At the public edge `root` decides for a request, without its caller. The spans below follow the request's span. */
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
    // A ratio is computed from a trace id. A caller's trace id is the caller's choice: a random one replaces it.
    const drawn = parent === undefined ? traceId : randomBytes(16).toString("hex");
    return this.#root.shouldSample(ROOT_CONTEXT, drawn, name, kind, attributes, links);
  }

  toString(): string {
    return `Edge{${this.#root.toString()}}`;
  }
}

/**
 * The sampler of the standard `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` (specification, "General SDK
 * configuration"), following links. Without them everything is kept. `edge`: whether this process is the public edge,
 * where a parent-based sampler does not follow a remote parent.
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
