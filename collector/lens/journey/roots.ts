import { keyOf, type Span, type SpanKey } from "./model.ts";
import { byStart } from "./order.ts";
import { beginningOf } from "./root.ts";
import type { Traces } from "./traces.ts";
import type { Pieces } from "./work.ts";

/** Where the journeys of one trace's spans begin. */
export interface Roots {
  /** Those that begin in the trace itself, the earliest first. */
  readonly here: readonly Span[];
  /** And those that begin elsewhere. */
  readonly elsewhere: readonly Span[];
}

/** A list looks at many traces: a way back that is longer than this, over other traces, leads elsewhere. */
const HOPS = 64;

/** The roots of the journeys that the spans of a trace are part of. */
export function* rootsIn(traces: Traces, traceId: string): Pieces<Roots> {
  const [here, elsewhere] = [new Map<SpanKey, Span>(), new Map<SpanKey, Span>()];
  const known = new Map<SpanKey, Span>();
  for (const span of (yield* traces.load(traceId)).spans) {
    const { root, cut } = yield* beginningOf(span, traces, known, HOPS);
    if (root.traceId === traceId) here.set(keyOf(root), root);
    else if (!cut) elsewhere.set(keyOf(root), root);
    else known.set(keyOf(span), root);
  }
  return { here: [...here.values()].sort(byStart), elsewhere: [...elsewhere.values()].sort(byStart) };
}
