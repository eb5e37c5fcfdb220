/** Traces as OTLP/JSON `resourceSpans`, grouped by resource and scope as they came. */
import { decodeJson, type Json } from "../otlp/json-out.ts";
import type { Bundle } from "../store/bundle.ts";
import type { Origin } from "../store/origins.ts";

export interface ResourceSpansJson {
  readonly resourceSpans: Json[];
  /** Spans that were left out because the answer would have become too long. */
  readonly leftOut: number;
}

/** `bundles`: the traces; `maxSpans`: how many spans the answer may hold. */
export function tracesToJson(bundles: Iterable<Bundle>, maxSpans: number): ResourceSpansJson {
  const byOrigin = new Map<Origin, Json[]>();
  let spans = 0;
  let leftOut = 0;
  for (const bundle of bundles) {
    for (const { origin, bytes } of bundle.spans.read(bundle)) {
      if (spans >= maxSpans) {
        leftOut++;
        continue;
      }
      spans++;
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
