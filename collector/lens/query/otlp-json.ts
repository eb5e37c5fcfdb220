/** Traces as OTLP/JSON `resourceSpans`, grouped by resource and scope as they came. */
import { decodeJson, type Json } from "../otlp/json-out.ts";
import type { Origin } from "../store/origins.ts";
import type { StoredTrace } from "../store/stored-trace.ts";

/** How long an answer may become. */
export interface AnswerBounds {
  readonly spans: number;
  /** Of the encoded spans; as JSON they take three to five times as much. */
  readonly bytes: number;
}

export interface ResourceSpansJson {
  readonly resourceSpans: Json[];
  /** Spans that were left out because the answer would have become too long. */
  readonly leftOut: number;
}

/** The first spans of the traces, as many as the bounds let through. */
export function tracesToJson(traces: Iterable<StoredTrace>, bounds: AnswerBounds): ResourceSpansJson {
  const byOrigin = new Map<Origin, Json[]>();
  let spans = 0;
  let size = 0;
  let leftOut = 0;
  for (const trace of traces) {
    for (const { origin, bytes } of trace.spans()) {
      if (leftOut > 0 || spans >= bounds.spans || size + bytes.length > bounds.bytes) {
        leftOut++;
        continue;
      }
      spans++;
      size += bytes.length;
      const list = byOrigin.get(origin);
      if (list) list.push(decodeJson("Span", bytes));
      else byOrigin.set(origin, [decodeJson("Span", bytes)]);
    }
  }
  return { resourceSpans: [...byOrigin].map(([origin, list]) => resourceSpans(origin, list)), leftOut };
}

const resourceSpans = (origin: Origin, spans: Json[]): Json => ({
  resource: decodeJson("Resource", origin.resource),
  scopeSpans: [
    {
      scope: decodeJson("InstrumentationScope", origin.scope),
      spans,
      ...(origin.scopeSchemaUrl && { schemaUrl: origin.scopeSchemaUrl }),
    },
  ],
  ...(origin.resourceSchemaUrl && { schemaUrl: origin.resourceSchemaUrl }),
});
