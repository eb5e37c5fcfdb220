import { LINK } from "../../../../services/_kit/telemetry/conventions.ts";
import { type JourneySpan, keyOf, type SpanKey } from "../model.ts";
import { byStart } from "../order.ts";
import { type Rules, reasonOf } from "../rules.ts";
import type { Placed } from "./grow.ts";
import type { Pieces, Work } from "./work.ts";

/** Puts placed spans in tree order: each before what hangs under it, siblings by start. Needs one root. */
export function* treeOf(placed: readonly Placed[], rules: Rules, work: Work): Pieces<readonly JourneySpan[]> {
  const under = new Map<SpanKey | null, Placed[]>();
  for (const one of placed) {
    const siblings = under.get(one.under);
    if (siblings) siblings.push(one);
    else under.set(one.under, [one]);
  }
  work.step(placed.length);
  if (work.isDue()) yield;
  for (const siblings of under.values()) {
    siblings.sort((a, b) => byStart(b.span, a.span));
    work.step(siblings.length);
    if (work.isDue()) yield;
  }
  const spans: JourneySpan[] = [];
  // A stack of our own: a journey may be as deep as it has spans.
  const next = (under.get(null) ?? []).map((one) => ({ one, depth: 0 }));
  for (let at = next.pop(); at; at = next.pop()) {
    const { one, depth } = at;
    spans.push({ depth, alsoLinked: isAlsoLinked(one, rules), ...one });
    work.step();
    if (work.isDue()) yield;
    for (const child of under.get(one.key) ?? []) next.push({ one: child, depth: depth + 1 });
  }
  return spans;
}

function isAlsoLinked({ span, under, edge }: Placed, rules: Rules): boolean {
  if (edge !== "child") return false;
  return span.links.some((link) => keyOf(link) === under && reasonOf(link, rules) !== LINK.caller);
}
