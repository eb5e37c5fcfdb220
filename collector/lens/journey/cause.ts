import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import { type Failure, failureOf } from "./failure.ts";
import { type Cause, type JourneySpan, keyOf, type Span, type SpanKey } from "./model.ts";
import { byStart } from "./order.ts";
import { excusedOf } from "./retry.ts";
import { GENERIC, isOrigin, type Rules } from "./rules.ts";

/** True for the span of a compensation; what lies below it counts as part of it. */
export const isCompensation = (span: Span): boolean => span.attributes[BATON.compensation] === true;

type Links = Pick<Rules, "linkReason">;

/**
 * Why the journey failed: the failed span with no failed span below it, by parent or link, that says why, the earliest
 * first. One that says nothing gives way to the first above it that does. Attempts that later succeeded and
 * compensations never count, nor what lies below them. Null when nothing is left. `spans`: those that count, in tree
 * order.
 */
export function causeOf(spans: readonly JourneySpan[], rules: Links = GENERIC): Cause | null {
  const failures = new Map<SpanKey, Failure>();
  for (const { key, span } of spans) {
    const failure = failureOf(span);
    if (failure) failures.set(key, failure);
  }
  if (failures.size === 0) return null;
  const excused = excusedOf(spans, failures, (span) => isCompensation(span));
  const failed = spans.filter(({ key }) => failures.has(key) && !excused.has(key));
  if (failed.length === 0) return null;
  const byKey = new Map(spans.map((s) => [s.key, s]));
  const above = withFailureBelow(failed, byKey, rules);
  const deepest = failed.filter(({ key }) => !above.has(key));
  // Where failures link in a circle each has one below it: then the earliest of all.
  const candidates = thatSayWhy(deepest.length > 0 ? deepest : failed, failures, excused, byKey, rules);
  const first = candidates.reduce((a, b) => (byStart(a.span, b.span) <= 0 ? a : b));
  const { errorType = "", message = "" } = failures.get(first.key) ?? {};
  return { key: first.key, service: first.span.service, name: first.span.name, errorType, message };
}

/** Puts what says why in place of what does not: the first above it in its own process. */
function thatSayWhy(
  deepest: readonly JourneySpan[],
  failures: ReadonlyMap<SpanKey, Failure>,
  excused: ReadonlySet<SpanKey>,
  byKey: ReadonlyMap<SpanKey, JourneySpan>,
  rules: Links,
): readonly JourneySpan[] {
  const saying = deepest.filter(({ key }) => failures.get(key)?.saysWhy);
  if (saying.length === deepest.length) return deepest;
  const aboveSaying = withFailureBelow(saying, byKey, rules);
  const candidates = [...saying];
  const seen = new Set<SpanKey>();
  for (const one of deepest) {
    if (failures.get(one.key)?.saysWhy) continue;
    for (
      let at: JourneySpan | undefined = one;
      at && !aboveSaying.has(at.key);
      at = callerWithin(at, byKey)
    ) {
      if (seen.has(at.key)) break;
      seen.add(at.key);
      if (!failures.get(at.key)?.saysWhy || excused.has(at.key)) continue;
      candidates.push(at);
      break;
    }
  }
  return candidates.length > 0 ? candidates : deepest;
}

/** What called it, in the same process. */
function callerWithin(
  { span, edge, under }: JourneySpan,
  byKey: ReadonlyMap<SpanKey, JourneySpan>,
): JourneySpan | undefined {
  const caller = edge === "child" && under !== null ? byKey.get(under) : undefined;
  return caller?.span.service === span.service ? caller : undefined;
}

/** Keys of all spans that lie above a failed one, by parent, by link or by their place in the tree. */
function withFailureBelow(
  failed: readonly JourneySpan[],
  byKey: ReadonlyMap<SpanKey, JourneySpan>,
  rules: Links,
): ReadonlySet<SpanKey> {
  const above = new Set<SpanKey>();
  const next: SpanKey[] = [];
  for (const one of failed) for (const key of causesOf(one, rules)) next.push(key);
  for (let key = next.pop(); key; key = next.pop()) {
    const span = byKey.get(key);
    if (!span || above.has(key)) continue;
    above.add(key);
    for (const cause of causesOf(span, rules)) next.push(cause);
  }
  return above;
}

/** What a span came from. The attempt before is not: it failed for a reason of its own. */
function causesOf({ span, under }: JourneySpan, rules: Links): SpanKey[] {
  const links = span.links.filter((link) => isOrigin(link, rules)).map(keyOf);
  const parent = span.parentSpanId ? [keyOf({ traceId: span.traceId, spanId: span.parentSpanId })] : [];
  return [...links, ...parent, ...(under ? [under] : [])];
}
