import { causeOf } from "./cause.ts";
import { countedOf } from "./counted.ts";
import { type Journey, type JourneySpan, keyOf, type LeftOut, type Span, type SpanKey } from "./model.ts";
import { byStart } from "./order.ts";
import { correlationOf, textOf } from "./read.ts";
import { GENERIC, type Rules } from "./rules.ts";
import { inFlightOf } from "./settle.ts";
import { clocksOf } from "./skew.ts";
import { type SpanSource, sourceOf } from "./source.ts";
import { grow } from "./stitch/grow.ts";
import { beginningOf, isStandIn } from "./stitch/root.ts";
import { Traces } from "./stitch/traces.ts";
import { treeOf } from "./stitch/tree.ts";
import { finish, type Pieces, Work } from "./stitch/work.ts";
import { endOf, isUnfinished } from "./times.ts";
import { waitsOf } from "./waits.ts";

export type JourneyOptions = Partial<Rules>;

export const rulesOf = (options: JourneyOptions): Rules => ({ ...GENERIC, ...options });

/**
 * The journey that a trace is part of, wherever in it the trace lies; null when the source has no such trace.
 * A trace that several journeys pass through (a batch, or one with several roots) gives the journey of its first span.
 * The answer depends on the set of spans alone, never on their order or on repeats. Does not throw.
 */
export function journeyOf(
  source: SpanSource,
  traceId: string,
  options: JourneyOptions = {},
  work = new Work(),
): Journey | null {
  const traces = new Traces(source, rulesOf(options), work);
  return finish(journeyIn(traces, { traceId }))?.journey ?? null;
}

/** Every journey in these spans, the earliest first. Unbounded: for spans that are in memory anyway. */
export function journeysOf(spans: Iterable<Span>, options: JourneyOptions = {}): Journey[] {
  const source = sourceOf(spans);
  const most = Number.POSITIVE_INFINITY;
  const work = new Work({ spans: most, bytes: most, steps: most, hops: most });
  const traces = new Traces(source, rulesOf(options), work);
  const known = new Map<SpanKey, Span>();
  const roots = new Map<SpanKey, Span>();
  for (const traceId of source.traceIds())
    for (const span of finish(traces.load(traceId)).spans) {
      const { root } = finish(beginningOf(span, traces, known));
      roots.set(keyOf(root), root);
    }
  return [...roots.values()].sort(byStart).map((root) => finish(journeyFrom(root, traces)));
}

export interface FoundJourney {
  readonly journey: Journey;
  /** Keys of spans that lead to the other journeys that what was asked for is part of: of their roots, where known. */
  readonly others: readonly SpanKey[];
}

/** Of the journeys that share a trace with one, at most so many are named. */
const MOST_OTHERS = 200;

/** The journey of a span, or of a trace; null when it is not there. */
export function* journeyIn(
  traces: Traces,
  at: { readonly traceId: string; readonly spanId?: string },
): Pieces<FoundJourney | null> {
  const trace = yield* traces.load(at.traceId);
  const start = at.spanId === undefined ? trace.spans[0] : trace.byId.get(at.spanId);
  if (!start) return null;
  const { root, cut } = yield* beginningOf(start, traces);
  const journey = yield* journeyFrom(root, traces, cut);
  const others = yield* othersThan(journey.rootKey, trace.spans, traces);
  return { journey, others };
}

/** The journeys that these spans are part of, beside the one that is known. */
function* othersThan(known: SpanKey, spans: readonly Span[], traces: Traces): Pieces<SpanKey[]> {
  const others = new Set<SpanKey>();
  const beginnings = new Map<SpanKey, Span>();
  for (const span of spans) {
    const { root } = yield* beginningOf(span, traces, beginnings);
    others.add(keyOf(root));
    const anchor = traces.anchor(span);
    if (anchor.by !== "links" || anchor.links.length < 2) continue;
    for (const link of anchor.links) {
      yield* traces.load(link.traceId);
      const target = traces.target(link, span)?.span;
      if (target) others.add(keyOf((yield* beginningOf(target, traces, beginnings)).root));
      else if (traces.has(link.traceId)) others.add(keyOf(link));
      if (others.size > MOST_OTHERS) break;
    }
    if (others.size > MOST_OTHERS) break;
  }
  others.delete(known);
  return [...others].slice(0, MOST_OTHERS);
}

/** The journey that begins at this root. `cut`: the way back went on, but was not followed. */
export function* journeyFrom(root: Span, traces: Traces, cut = false): Pieces<Journey> {
  const { rules, work } = traces;
  const tree = yield* treeOf(yield* grow(root, traces), rules, work);
  const pass = function* <T>(look: () => T): Pieces<T> {
    work.step(tree.length);
    if (work.isDue()) yield;
    return look();
  };
  const own = yield* pass(() => tree.filter((s) => !s.shared));
  const counted = yield* pass(() => countedOf(tree));
  const clocks = yield* pass(() => clocksOf(counted));
  const waits = yield* pass(() => waitsOf(counted, clocks));
  const cause = yield* pass(() => causeOf(counted, rules));
  const inFlight = yield* pass(() => inFlightOf(tree, rules.consumers, rules));
  const traceIds = distinct(own.map((s) => s.span.traceId));
  const leftOut = leftOutOf(traceIds, traces, cut);
  const orphans = own.filter((s) => s.orphan).map((s) => s.key);
  const unfinished = counted.filter((s) => isUnfinished(s.span)).map((s) => s.key);
  const rootMissing = !cut && isStandIn(root, traces);
  const isWhole = !rootMissing && orphans.length === 0 && leftOut.bound === "";
  return {
    id: root.traceId,
    rootKey: keyOf(root),
    external: !rootMissing && !cut && root.parentSpanId !== "",
    rootMissing,
    correlationId: correlationOf(root) || firstCorrelation(own),
    orderIds: distinct(own.flatMap(({ span }) => rules.ids.map((name) => textOf(span.attributes, name)))),
    traceIds,
    startNs: least(
      own.map(({ span }) => span.startNs + clocks.offsetOf(span)),
      root.startNs,
    ),
    endNs: most(
      counted.map(({ span }) => endOf(span) + clocks.offsetOf(span)),
      endOf(root),
    ),
    spans: tree,
    waits,
    orphans,
    inFlight,
    unfinished,
    settled: isWhole && inFlight.length === 0 && unfinished.length === 0,
    cause,
    skews: clocks.skews,
    repeated: traceIds.reduce((sum, id) => sum + traces.trace(id).repeated, 0),
    leftOut,
  };
}

function leftOutOf(traceIds: readonly string[], traces: Traces, before: boolean): LeftOut {
  const spans = traceIds.reduce((sum, id) => sum + traces.trace(id).leftOut, 0);
  const isAny = before || spans > 0 || traces.unread > 0;
  return { bound: isAny ? traces.work.spent || "hops" : "", spans, traces: traces.unread, before };
}

function firstCorrelation(spans: readonly JourneySpan[]): string {
  for (const { span } of spans) if (correlationOf(span) !== "") return correlationOf(span);
  return "";
}

const distinct = (values: readonly string[]): readonly string[] => [
  ...new Set(values.filter((value) => value !== "")),
];
const least = (times: readonly bigint[], first: bigint): bigint =>
  times.reduce((a, b) => (b < a ? b : a), first);
const most = (times: readonly bigint[], first: bigint): bigint =>
  times.reduce((a, b) => (b > a ? b : a), first);
