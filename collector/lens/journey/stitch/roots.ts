import { keyOf, type Span, type SpanKey } from "../model.ts";
import { byStart } from "../order.ts";
import { type Beginning, beginningOf } from "./root.ts";
import type { Traces } from "./traces.ts";
import type { Pieces } from "./work.ts";

/** Where the journeys of one trace's spans begin. */
export interface Roots {
  /** Those that begin in the trace itself, the earliest first. */
  readonly here: readonly Span[];
  /** And those that begin elsewhere, also further back than a list looks. */
  readonly elsewhere: readonly Beginning[];
}

/** A list looks at many traces: a way back that is longer than this, over other traces, leads elsewhere. */
const HOPS = 64;

/** The roots of the journeys that the spans of a trace are part of. */
export function* rootsIn(traces: Traces, traceId: string): Pieces<Roots> {
  const here = new Map<SpanKey, Span>();
  const elsewhere = new Map<SpanKey, Beginning>();
  const known = new Map<SpanKey, Span>();
  for (const span of (yield* traces.load(traceId)).spans) {
    const beginning = yield* beginningOf(span, traces, known, HOPS);
    const { root, cut } = beginning;
    if (root.traceId === traceId && !cut) here.set(keyOf(root), root);
    else elsewhere.set(keyOf(root), beginning);
    if (cut) known.set(keyOf(span), root);
  }
  return { here: [...here.values()].sort(byStart), elsewhere: [...elsewhere.values()] };
}
