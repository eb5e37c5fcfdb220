import type { JourneySpan, SpanKey } from "../../collector/lens/journey/model.ts";
import { ATTR } from "../../services/_kit/telemetry/conventions.ts";

/** What one row shows: a span, or (`group` not empty) several database spans of one parent drawn as one. */
export interface Item {
  readonly placed: JourneySpan;
  readonly group: readonly JourneySpan[];
}

/** The convention's name, and the earlier one, which instrumentations of other applications still use. */
const systemNames = [ATTR.dbSystem, "db.system"] as const;

/** The database system of a span; empty when it is not a database call. */
export function databaseOf({ span }: JourneySpan): string {
  if (span.kind !== "CLIENT") return "";
  for (const name of systemNames) {
    const system = span.attributes[name];
    if (typeof system === "string") return system;
  }
  return "";
}

/**
 * Turns spans in tree order into rows. Several database calls of one parent, with only database calls below them,
 * become one row at the place of the first. Failed ones and orphans stay visible. With `full` every span has its own
 * row.
 */
export function itemsOf(spans: readonly JourneySpan[], full: boolean): readonly Item[] {
  if (full) return spans.map((placed) => ({ placed, group: [] }));
  const quiet = quietOf(spans);
  const groups = groupsOf(spans, quiet);
  const items: Item[] = [];
  for (const placed of spans) {
    const group = groups.get(placed.key);
    if (group === undefined || group.length === 1) items.push({ placed, group: [] });
    else if (group[0] === placed) items.push({ placed, group });
  }
  return items;
}

/** Keys of database spans without a failure or other work below them. */
function quietOf(spans: readonly JourneySpan[]): ReadonlySet<SpanKey> {
  const loud = new Set<SpanKey>();
  const quiet = new Set<SpanKey>();
  for (const placed of spans.toReversed()) {
    const plainCall =
      databaseOf(placed) !== "" && placed.edge === "child" && !placed.orphan && !placed.shared;
    if (plainCall && placed.span.status !== "ERROR" && !loud.has(placed.key)) quiet.add(placed.key);
    else if (placed.under) loud.add(placed.under);
  }
  return quiet;
}

/** For each quiet span the group in which it is drawn: one for each parent and database, with nested calls. */
function groupsOf(
  spans: readonly JourneySpan[],
  quiet: ReadonlySet<SpanKey>,
): ReadonlyMap<SpanKey, readonly JourneySpan[]> {
  const groupOf = new Map<SpanKey, JourneySpan[]>();
  const byParent = new Map<string, JourneySpan[]>();
  for (const placed of spans) {
    if (!quiet.has(placed.key) || placed.under === null) continue;
    const name = `${placed.under} ${databaseOf(placed)}`;
    const group = groupOf.get(placed.under) ?? byParent.get(name) ?? [];
    group.push(placed);
    byParent.set(name, group);
    groupOf.set(placed.key, group);
  }
  return groupOf;
}
