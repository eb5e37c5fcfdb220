import { LINK } from "../../../services/_kit/telemetry/conventions.ts";
import type { Placed } from "./grow.ts";
import { type JourneySpan, keyOf, type SpanKey } from "./model.ts";
import { byStart } from "./order.ts";
import { reasonOf } from "./read.ts";

/** Puts placed spans in tree order: each before what hangs under it, siblings by start. Needs one root. */
export function treeOf(placed: readonly Placed[]): readonly JourneySpan[] {
  const under = new Map<SpanKey | null, Placed[]>();
  for (const one of placed) {
    const siblings = under.get(one.under);
    if (siblings) siblings.push(one);
    else under.set(one.under, [one]);
  }
  for (const siblings of under.values()) siblings.sort((a, b) => byStart(b.span, a.span));
  const spans: JourneySpan[] = [];
  // A stack of our own: a journey may be as deep as it has spans.
  const next = (under.get(null) ?? []).map((one) => ({ one, depth: 0 }));
  for (let at = next.pop(); at; at = next.pop()) {
    const { one, depth } = at;
    spans.push({ depth, alsoLinked: isAlsoLinked(one), ...one });
    for (const child of under.get(one.key) ?? []) next.push({ one: child, depth: depth + 1 });
  }
  return spans;
}

function isAlsoLinked({ span, under, edge }: Placed): boolean {
  return (
    edge === "child" && span.links.some((link) => keyOf(link) === under && reasonOf(link) !== LINK.caller)
  );
}
