/** The short form of a tree: the way to each failure span by span, and what stands beside it as one row each. */
import type { JourneySpan, SpanKey } from "../../collector/lens/journey/model.ts";
import { databaseOf } from "./collapse.ts";

export interface Brief {
  /** What is shown, in tree order. */
  readonly spans: readonly JourneySpan[];
  /** For a span that is shown, how many below it are not; those that only share a batch do not count. */
  readonly hidden: ReadonlyMap<SpanKey, number>;
}

/**
 * Folds `spans`, which are in tree order. On the way lie the failed spans, those whose parent is missing, and all above
 * them; without any, the calls from the root on until there is more than one. Shown are the way and what hangs right
 * under it; a database call only when it failed.
 */
export function briefOf(spans: readonly JourneySpan[]): Brief {
  const way = new Set<SpanKey>(trunkOf(spans));
  for (const { key, under, ...placed } of spans.toReversed()) {
    if (isLoud(placed)) way.add(key);
    if (under !== null && way.has(key)) way.add(under);
  }
  const shown: JourneySpan[] = [];
  const hidden = new Map<SpanKey, number>();
  // Under which span that is shown each of the others is counted.
  const at = new Map<SpanKey, SpanKey>();
  for (const placed of spans) {
    const { key, under, shared } = placed;
    const beside = under === null || (way.has(under) && databaseOf(placed) === "");
    if (way.has(key) || beside) {
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

/** A consumer that lost its context hangs right under the root, and is shown anyway. */
const isLoud = ({ span, orphan }: Pick<JourneySpan, "span" | "orphan">): boolean =>
  span.status === "ERROR" || orphan;

/** From the root on, each span that is the only call of the one before it. */
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
