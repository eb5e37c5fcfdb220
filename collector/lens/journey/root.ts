import { keyOf, type Span, type SpanKey } from "./model.ts";
import { byStart } from "./order.ts";
import { correlationOf } from "./read.ts";
import type { Traces } from "./traces.ts";

/** A consumer that lost its context is looked for by its correlation id within this time of a root's start. */
const correlationWindowNs = 10n * 60n * 1_000_000_000n;

/**
 * Goes back from a span, over parents and links, to where its journey begins. Never fails: without a real root
 * the walk ends at a span that stands in for it, always the same one for the same set of spans.
 * `known` keeps every answer of earlier walks, so that asking for all spans costs one visit each.
 */
export function rootOf(span: Span, traces: Traces, known: Map<SpanKey, Span> = new Map()): Span {
  const path: Span[] = [];
  const at = new Map<SpanKey, number>();
  let current = span;
  let root: Span | undefined;
  while (!root) {
    const visited = at.get(keyOf(current));
    root = known.get(keyOf(current));
    if (root) break;
    if (visited !== undefined) {
      // A circle of parents or links has no beginning: its first span is taken for one.
      root = path.slice(visited).sort(byStart)[0] ?? current;
      break;
    }
    at.set(keyOf(current), path.length);
    path.push(current);
    const before = traces.before(current);
    if (before) current = before;
    else root = correlatedRoot(current, traces) ?? current;
  }
  for (const passed of path) known.set(keyOf(passed), root);
  return root;
}

/**
 * For a consumer that lost its context: the root that its correlation id leads to, the last one that started
 * before it, or else the first after it (clocks differ). Null for every other span, and past the window.
 */
export function correlatedRoot(span: Span, traces: Traces): Span | null {
  if (!hasLostContext(span, traces)) return null;
  const near = traces
    .rootsOf(correlationOf(span))
    .filter((root) => distance(root.startNs, span.startNs) <= correlationWindowNs)
    .sort(byStart);
  return near.findLast((root) => root.startNs <= span.startNs) ?? near[0] ?? null;
}

/** True when the root is only a stand-in: something should come before it and is not here. */
export function isStandIn(root: Span, traces: Traces): boolean {
  if (traces.anchor(root).by === "nothing") return false;
  return root.parentSpanId !== "" || root.links.length > 0;
}

function hasLostContext(span: Span, traces: Traces): boolean {
  return span.kind === "CONSUMER" && traces.before(span) === null && traces.anchor(span).by !== "nothing";
}

const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a);
