import { ATTR, BATON, LINK } from "../../../services/_kit/telemetry/conventions.ts";
import { type Cause, type JourneySpan, keyOf, type Span, type SpanKey } from "./model.ts";
import { byStart } from "./order.ts";
import { messageIdOf, numberOf, reasonOf, textOf } from "./read.ts";
import { isDone } from "./settle.ts";

/** True for the span of a compensation; what lies below it counts as part of it. */
export const isCompensation = (span: Span): boolean => span.attributes[BATON.compensation] === true;

/**
 * Why the journey failed: the failed span with no failed span below it, by parent or link, the earliest first.
 * Attempts that later succeeded and compensations never count, nor what lies below them. Null when nothing is
 * left. `spans`: those of the journey without shared ones, in tree order.
 */
export function causeOf(spans: readonly JourneySpan[]): Cause | null {
  if (!spans.some(({ span }) => span.status === "ERROR")) return null;
  const excused = excusedOf(spans);
  const failed = spans.filter(({ key, span }) => span.status === "ERROR" && !excused.has(key));
  if (failed.length === 0) return null;
  const above = withFailureBelow(failed, spans);
  const deepest = failed.filter(({ key }) => !above.has(key));
  // Where failures link in a circle each has one below it: then the earliest of all.
  const candidates = deepest.length > 0 ? deepest : failed;
  const first = candidates.reduce((a, b) => (byStart(a.span, b.span) <= 0 ? a : b));
  return describe(first);
}

/** Keys of all spans that lie above a failed one, by parent, by link or by their place in the tree. */
function withFailureBelow(
  failed: readonly JourneySpan[],
  spans: readonly JourneySpan[],
): ReadonlySet<SpanKey> {
  const byKey = new Map(spans.map((s) => [s.key, s]));
  const above = new Set<SpanKey>();
  const next = failed.flatMap(causesOf);
  for (let key = next.pop(); key; key = next.pop()) {
    const span = byKey.get(key);
    if (!span || above.has(key)) continue;
    above.add(key);
    next.push(...causesOf(span));
  }
  return above;
}

/** What a span came from. The attempt before is not: it failed for a reason of its own. */
function causesOf({ span, under }: JourneySpan): SpanKey[] {
  const links = span.links.filter((l) => reasonOf(l) === LINK.creation || reasonOf(l) === "").map(keyOf);
  const parent = span.parentSpanId ? [keyOf({ traceId: span.traceId, spanId: span.parentSpanId })] : [];
  return [...links, ...parent, ...(under ? [under] : [])];
}

/** Keys of what never counts: compensations, attempts that later succeeded, and all that lies below them. */
function excusedOf(spans: readonly JourneySpan[]): ReadonlySet<SpanKey> {
  const lastSuccess = new Map<string, Span>();
  for (const { span, under } of spans) {
    const task = taskOf(span, under);
    const known = lastSuccess.get(task);
    if (task && hasSucceeded(span) && (!known || isLater(span, known))) lastSuccess.set(task, span);
  }
  const excused = new Set<SpanKey>();
  for (const { key, span, under } of spans) {
    const success = span.status === "ERROR" ? lastSuccess.get(taskOf(span, under)) : undefined;
    const belowExcused = under !== null && excused.has(under);
    if (belowExcused || isCompensation(span) || (success && isLater(success, span))) excused.add(key);
  }
  return excused;
}

/** What several attempts have in common: a delivery's consumer and message, a call's caller and name. */
function taskOf(span: Span, under: SpanKey | null): string {
  const message = messageIdOf(span);
  if (span.kind === "CONSUMER") return message && JSON.stringify([span.service, span.name, message]);
  return span.kind === "CLIENT" ? JSON.stringify([span.service, span.name, under]) : "";
}

function hasSucceeded(span: Span): boolean {
  if (span.status === "ERROR") return false;
  const outcome = textOf(span.attributes, BATON.outcome);
  return span.kind !== "CONSUMER" || (isDone(span) && outcome !== "dead-letter");
}

/** By attempt number where both have one, since clocks differ between machines; otherwise by start. */
function isLater(span: Span, than: Span): boolean {
  const a = numberOf(span.attributes, BATON.attempt);
  const b = numberOf(than.attributes, BATON.attempt);
  return a !== null && b !== null && a !== b ? a > b : byStart(span, than) > 0;
}

function describe({ key, span }: JourneySpan): Cause {
  const exception = span.events.find((event) => event.name === "exception")?.attributes ?? {};
  return {
    key,
    service: span.service,
    name: span.name,
    errorType: textOf(span.attributes, ATTR.errorType) || textOf(exception, "exception.type"),
    message: span.statusMessage || textOf(exception, "exception.message"),
  };
}
