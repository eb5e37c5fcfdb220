import { keyOf, type Span, type SpanKey } from "../model.ts";
import { byStart } from "../order.ts";
import { correlationOf } from "../read.ts";
import type { Traces } from "./traces.ts";
import type { Pieces } from "./work.ts";

/** A consumer that lost its context is looked for by its correlation id within this time of a root's start. */
const correlationWindowNs = 10n * 60n * 1_000_000_000n;

/** Where a journey begins. */
export interface Beginning {
  readonly root: Span;
  /** True when the way back was too long: the root is only where it stopped. */
  readonly cut: boolean;
}

/**
 * Goes back from a span, over parents and links, to where its journey begins. Never fails: without a real root
 * the walk ends at a span that stands in for it, always the same one for the same set of spans.
 * `known` keeps every answer of earlier walks, so that asking for all spans costs one visit each.
 */
export function* beginningOf(
  span: Span,
  traces: Traces,
  known: Map<SpanKey, Span> = new Map(),
  mostHops = traces.work.bounds.hops,
): Pieces<Beginning> {
  const path: Span[] = [];
  const at = new Map<SpanKey, number>();
  let hops = 0;
  let current = span;
  let root: Span | undefined;
  while (!root) {
    const key = keyOf(current);
    const visited = at.get(key);
    root = known.get(key);
    if (root) break;
    if (visited !== undefined) {
      // A circle of parents or links has no beginning: its first span is taken for one.
      root = path.slice(visited).reduce((a, b) => (byStart(a, b) <= 0 ? a : b), current);
      break;
    }
    at.set(key, path.length);
    path.push(current);
    traces.work.step();
    if (traces.work.isDue()) yield;
    const [before] = yield* traces.allBefore(current, 1);
    if (before && before.traceId !== current.traceId) hops += 1;
    if (isCut(current, before, traces) || hops > mostHops) return { root: current, cut: true };
    if (before) current = before;
    else root = (yield* correlatedRoot(current, traces)) ?? current;
  }
  for (const passed of path) known.set(keyOf(passed), root);
  return { root, cut: false };
}

/** True when the span comes from somewhere that was not read any more. */
function isCut(span: Span, before: Span | undefined, traces: Traces): boolean {
  return before === undefined && traces.work.spent !== "" && traces.anchor(span).by === "links";
}

/**
 * For a consumer that lost its context: the root that its correlation id leads to, the last one that started
 * before it, or else the first after it (clocks differ). Null for every other span, and past the window.
 */
export function* correlatedRoot(span: Span, traces: Traces): Pieces<Span | null> {
  if (!(yield* hasLostContext(span, traces))) return null;
  const roots = yield* traces.rootsOf(correlationOf(span));
  const next = firstAfter(roots, span);
  const [before, after] = [roots[next - 1], roots[next]];
  if (before && span.startNs - before.startNs <= correlationWindowNs) return before;
  return after && after.startNs - span.startNs <= correlationWindowNs ? after : null;
}

/** The place of the first root that starts after the span. */
function firstAfter(roots: readonly Span[], { startNs }: Span): number {
  let [low, high] = [0, roots.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((roots[middle]?.startNs ?? 0n) > startNs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** True when the root is only a stand-in: something should come before it and is not here. */
export function isStandIn(root: Span, traces: Traces): boolean {
  const { by } = traces.anchor(root);
  return by !== "nothing" && by !== "lost";
}

function* hasLostContext(span: Span, traces: Traces): Pieces<boolean> {
  if (span.kind !== "CONSUMER" || correlationOf(span) === "") return false;
  if (traces.anchor(span).by === "nothing") return false;
  return (yield* traces.allBefore(span, 1)).length === 0;
}
