import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import { causeOf } from "./cause.ts";
import { grow } from "./grow.ts";
import { type Journey, type JourneySpan, keyOf, type Span, type SpanKey } from "./model.ts";
import { byStart } from "./order.ts";
import { correlationOf, textOf } from "./read.ts";
import { isStandIn, rootOf } from "./root.ts";
import { type Consumers, inFlightOf } from "./settle.ts";
import { type SpanSource, sourceOf } from "./source.ts";
import { Traces } from "./traces.ts";
import { treeOf } from "./tree.ts";
import { waitsOf } from "./waits.ts";

export interface JourneyOptions {
  /** Services whose SERVER spans are the public edge, where journeys begin. Default: `gateway`. */
  readonly edges?: ReadonlySet<string>;
  /** Who must be done with a message before a journey is settled. Default: nobody is known, one consumer is enough. */
  readonly consumers?: Consumers;
}

const defaultEdges: ReadonlySet<string> = new Set(["gateway"]);

/**
 * The journey that a trace is part of, wherever in it the trace lies; null when the source has no such trace.
 * A trace that several journeys pass through (a batch) gives the journey of its first message.
 * The answer depends on the set of spans alone, never on their order or on repeats. Does not throw.
 */
export function journeyOf(source: SpanSource, traceId: string, options: JourneyOptions = {}): Journey | null {
  const traces = new Traces(source, options.edges ?? defaultEdges);
  const start = traces.trace(traceId).spans[0];
  return start ? journeyFrom(rootOf(start, traces), traces, options) : null;
}

/** Every journey in these spans, the earliest first. */
export function journeysOf(spans: Iterable<Span>, options: JourneyOptions = {}): Journey[] {
  const all = [...spans];
  const traces = new Traces(sourceOf(all), options.edges ?? defaultEdges);
  const known = new Map<SpanKey, Span>();
  const roots = new Set<Span>();
  for (const span of all) roots.add(rootOf(traces.span(span) ?? span, traces, known));
  return [...roots].sort(byStart).map((root) => journeyFrom(root, traces, options));
}

function journeyFrom(root: Span, traces: Traces, { consumers }: JourneyOptions): Journey {
  const spans = treeOf(grow(root, traces));
  const own = spans.filter((s) => !s.shared);
  const orphans = own.filter((s) => s.orphan).map((s) => s.key);
  const inFlight = inFlightOf(spans, consumers);
  const rootMissing = isStandIn(root, traces);
  return {
    id: root.traceId,
    rootKey: keyOf(root),
    external: !rootMissing && root.parentSpanId !== "",
    rootMissing,
    correlationId: correlationOf(root) || firstOf(own, BATON.correlationId),
    orderIds: distinct(own.map((s) => textOf(s.span.attributes, BATON.orderId)).filter((id) => id !== "")),
    traceIds: distinct(own.map((s) => s.span.traceId)),
    startNs: own.reduce((least, { span }) => (span.startNs < least ? span.startNs : least), root.startNs),
    endNs: own.reduce((most, { span }) => (span.endNs > most ? span.endNs : most), root.endNs),
    spans,
    waits: waitsOf(own),
    orphans,
    inFlight,
    settled: !rootMissing && orphans.length === 0 && inFlight.length === 0,
    cause: causeOf(own),
  };
}

function firstOf(spans: readonly JourneySpan[], attribute: string): string {
  for (const { span } of spans) {
    const value = textOf(span.attributes, attribute);
    if (value !== "") return value;
  }
  return "";
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];
