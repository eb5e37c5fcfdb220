/** The store as the journey module sees it, and its items decoded. */
import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { LogRecord, Span } from "../journey/model.ts";
import type { SpanSource } from "../journey/source.ts";
import { decodeLog, decodeSpan } from "../otlp/decode.ts";
import type { StoreReader } from "../store/read/store-reader.ts";
import type { StoredTrace } from "../store/read/stored-trace.ts";

/** The spans of a trace, each decoded when it is asked for. */
export function* spansOf(trace: StoredTrace): Generator<Span> {
  for (const { bytes, origin } of trace.spans()) yield decodeSpan(bytes, origin.words);
}

/** The log records of a trace, each decoded when it is asked for. */
export function* logsOf(trace: StoredTrace): Generator<LogRecord> {
  for (const { bytes, origin } of trace.logs()) yield decodeLog(bytes, origin.words);
}

/** An id that a sender uses for everything says nothing of a journey: only the latest traces with it are looked at. */
const MAX_CORRELATED = 256;
/** Spans that are kept decoded for one question. */
const MAX_DECODED = 20_000;

/**
 * What the store holds, for one question: traces that it comes back to, as the journeys of a list do, are decoded once.
 */
export function sourceOf(store: StoreReader): SpanSource {
  const decoded = new Map<string, readonly Span[]>();
  let spans = 0;
  function* remembering(trace: StoredTrace): Generator<Span> {
    const read: Span[] = [];
    for (const span of spansOf(trace)) {
      read.push(span);
      yield span;
    }
    decoded.set(trace.traceId, read);
    spans += read.length;
  }
  /** The trace that was looked for last: it is asked for several times in a row. */
  let last: StoredTrace | undefined;
  const find = (traceId: string): StoredTrace | undefined => {
    if (last?.traceId !== traceId) last = store.trace(traceId);
    return last;
  };
  return {
    count: (traceId) => decoded.get(traceId)?.length ?? find(traceId)?.spanCount ?? 0,
    trace(traceId) {
      const known = decoded.get(traceId);
      if (known) return known;
      const trace = find(traceId);
      if (!trace) return [];
      return spans + trace.spanCount > MAX_DECODED ? spansOf(trace) : remembering(trace);
    },
    *linksInto(traceId) {
      // The index leaves out links inside one trace; they are found in the trace itself.
      yield traceId;
      for (const from of store.linkedTo(traceId)) {
        last = from;
        yield from.traceId;
      }
    },
    *correlated(correlationId) {
      let found = 0;
      for (const { traceId, spanCount } of store.withAttribute(BATON.correlationId, correlationId)) {
        if (spanCount === 0) continue;
        if (found++ >= MAX_CORRELATED) return;
        yield traceId;
      }
    },
  };
}
