import type { Span } from "./model.ts";
import { correlationOf } from "./read.ts";

/**
 * Where stitching finds spans: a store with three indexes. Answers may repeat a span and come in any order;
 * an unknown id gets an empty answer.
 */
export interface SpanSource {
  /** The spans of one trace. */
  trace(traceId: string): Iterable<Span>;
  /** Ids of the traces that hold a span with a link to a span of this trace. */
  linksInto(traceId: string): Iterable<string>;
  /** Ids of the traces that hold a span with this correlation id. */
  correlated(correlationId: string): Iterable<string>;
  /** How many spans of the trace there are, versions of one included, where that is known without reading them. */
  readonly count?: (traceId: string) => number;
}

/** A source over spans in memory. Takes them once, in one pass; later changes to the iterable go unseen. */
export function sourceOf(spans: Iterable<Span>): SpanSource & { traceIds(): Iterable<string> } {
  const traces = new Map<string, Span[]>();
  const linkers = new Map<string, Set<string>>();
  const correlated = new Map<string, Set<string>>();
  for (const span of spans) {
    const trace = traces.get(span.traceId);
    if (trace) trace.push(span);
    else traces.set(span.traceId, [span]);
    for (const link of span.links) addTo(linkers, link.traceId, span.traceId);
    const correlationId = correlationOf(span);
    if (correlationId) addTo(correlated, correlationId, span.traceId);
  }
  return {
    trace: (traceId) => traces.get(traceId) ?? [],
    linksInto: (traceId) => linkers.get(traceId) ?? [],
    correlated: (correlationId) => correlated.get(correlationId) ?? [],
    traceIds: () => traces.keys(),
  };
}

function addTo(index: Map<string, Set<string>>, key: string, value: string): void {
  const values = index.get(key);
  if (values) values.add(value);
  else index.set(key, new Set([value]));
}
