/** The short form of a tree: the path to each failure, span by span, and one row for each branch beside the path. */
import type { JourneySpan, SpanKey } from "../../collector/lens/journey/model.ts";
import { databaseOf } from "./collapse.ts";

export interface Brief {
  /** What is shown, in tree order. */
  readonly spans: readonly JourneySpan[];
  /** By shown span, the number of hidden spans below it. Spans that only share a batch do not count. */
  readonly hidden: ReadonlyMap<SpanKey, number>;
}

/**
 * Folds `spans`, which are in tree order. The path consists of the failed spans, of the spans whose parent is missing,
 * and of all spans above these. Without any of them, it follows the calls from the root until a span makes more than
 * one. The result shows the path and the direct children of its spans, but a database call only if it failed.
 */
export function briefOf(spans: readonly JourneySpan[]): Brief {
  const path = new Set<SpanKey>(trunkOf(spans));
  for (const { key, under, ...placed } of spans.toReversed()) {
    if (isLoud(placed)) path.add(key);
    if (under !== null && path.has(key)) path.add(under);
  }
  const shown: JourneySpan[] = [];
  const hidden = new Map<SpanKey, number>();
  // By span, the shown span that counts it.
  const at = new Map<SpanKey, SpanKey>();
  for (const placed of spans) {
    const { key, under, shared } = placed;
    const beside = under === null || (path.has(under) && databaseOf(placed) === "");
    if (path.has(key) || beside) {
      shown.push(placed);
      at.set(key, key);
      continue;
    }
    const above = at.get(under) ?? key;
    at.set(key, above);
    if (!shared) hidden.set(above, (hidden.get(above) ?? 0) + 1);
  }
  return { spans: shown, hidden };
}

/** Not for a consumer that lost its context: it is a direct child of the root, so it is shown anyway. */
const isLoud = ({ span, orphan }: Pick<JourneySpan, "span" | "orphan">): boolean =>
  span.status === "ERROR" || orphan;

/** The root, and then each span that is the only call of the span before it. */
function trunkOf(spans: readonly JourneySpan[]): SpanKey[] {
  const calls = Map.groupBy(
    spans.filter((placed) => databaseOf(placed) === ""),
    ({ under }) => under,
  );
  const trunk: SpanKey[] = [];
  for (let next = spans[0]; next; ) {
    trunk.push(next.key);
    const [only, ...more] = calls.get(next.key) ?? [];
    next = more.length === 0 ? only : undefined;
  }
  return trunk;
}
