/** The store as the journey module sees it, and its items decoded. */
import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { LogRecord, Span } from "../journey/model.ts";
import type { SpanSource } from "../journey/source.ts";
import { decodeLog, decodeSpan } from "../otlp/decode.ts";
import type { Bundle } from "../store/bundle.ts";
import type { Store } from "../store/store.ts";

/** The spans of a bundle, each decoded when it is asked for. */
export function* spansOf(bundle: Bundle): Generator<Span> {
  for (const { bytes, origin } of bundle.spans.read(bundle)) yield decodeSpan(bytes, origin.words);
}

/** The log records of a bundle, each decoded when it is asked for. */
export function* logsOf(bundle: Bundle): Generator<LogRecord> {
  for (const { bytes, origin } of bundle.logs.read(bundle)) yield decodeLog(bytes, origin.words);
}

/** A view, not a copy: it shows what the store holds at the moment of each call. */
export function sourceOf(store: Store): SpanSource {
  return {
    trace(traceId) {
      const bundle = store.trace(traceId);
      return bundle ? spansOf(bundle) : [];
    },
    *linksInto(traceId) {
      // The index leaves out links inside one trace; whoever asks finds them in the trace itself.
      if (store.trace(traceId)) yield traceId;
      for (const bundle of store.linkedTo(traceId)) yield bundle.traceId;
    },
    *correlated(correlationId) {
      for (const bundle of store.withAttribute(BATON.correlationId, correlationId)) {
        if (bundle.spans.count > 0) yield bundle.traceId;
      }
    },
  };
}
