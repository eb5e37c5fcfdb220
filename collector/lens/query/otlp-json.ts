/** Traces as OTLP/JSON `resourceSpans`, grouped by resource and scope as they came. */
import type { JsonText } from "../otlp/json/text.ts";
import type { StoredTrace } from "../store/read/stored-trace.ts";
import type { Origin } from "../store/read/words.ts";

/** How long an answer may become. */
export interface AnswerBounds {
  readonly spans: number;
  /** Of the encoded spans; as JSON they take three to five times as much. */
  readonly bytes: number;
}

/** What an encoded byte becomes, about. */
const JSON_BYTES = 2.5;

/**
 * Writes the array of `resourceSpans`: the first spans of the traces, as many as the bounds let through. Returns how
 * many were left out.
 */
export function writeTraces(json: JsonText, traces: Iterable<StoredTrace>, bounds: AnswerBounds): number {
  const byOrigin = new Map<Origin, Buffer[]>();
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
      if (list) list.push(bytes);
      else byOrigin.set(origin, [bytes]);
    }
  }
  json.reserve(Math.ceil(size * JSON_BYTES));
  let before = "[";
  for (const [origin, list] of byOrigin) {
    json.raw(before);
    writeResourceSpans(json, origin, list);
    before = ",";
  }
  json.raw(byOrigin.size > 0 ? "]" : "[]");
  return leftOut;
}

function writeResourceSpans(json: JsonText, origin: Origin, spans: readonly Buffer[]): void {
  json.raw('{"resource":');
  json.message("Resource", origin.resource);
  json.raw(',"scopeSpans":[{"scope":');
  json.message("InstrumentationScope", origin.scope);
  let before = ',"spans":[';
  for (const span of spans) {
    json.raw(before);
    json.message("Span", span);
    before = ",";
  }
  json.raw(`]${schemaUrl(origin.scopeUrl)}}]${schemaUrl(origin.resourceUrl)}}`);
}

const schemaUrl = (url: string): string => (url ? `,"schemaUrl":${JSON.stringify(url)}` : "");
