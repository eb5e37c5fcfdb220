import type { JourneySpan, SpanKey } from "./model.ts";

/**
 * Which spans of a journey count for how it went: its own, and of the shared ones those that worked on its message. A
 * batch below which the journey's own message has a span of its own has only fetched it: what else became of the batch
 * is others' business.
 */
export function countedOf(spans: readonly JourneySpan[]): readonly JourneySpan[] {
  const fetched = new Set<SpanKey>();
  for (const { span, shared } of spans)
    if (!shared && span.parentSpanId !== "") fetched.add(`${span.traceId}:${span.parentSpanId}`);
  const others = new Set<SpanKey>();
  return spans.filter(({ key, shared, under }) => {
    if (!shared) return true;
    if (!fetched.has(key) && !(under !== null && others.has(under))) return true;
    others.add(key);
    return false;
  });
}
