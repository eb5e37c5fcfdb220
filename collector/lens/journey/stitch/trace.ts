import type { Span } from "../model.ts";
import { byStart, earlier } from "../order.ts";
import { correlationOf } from "../read.ts";
import type { Rules } from "../rules.ts";
import { type Anchor, anchorOf, originLinks, saysRemote } from "./anchor.ts";
import { Versions } from "./repeats.ts";
import { type Pieces, roughBytes, type Work } from "./work.ts";

/** One trace, indexed for stitching. Lists are in the order of `byStart`. */
export interface Trace {
  readonly spans: readonly Span[];
  readonly byId: ReadonlyMap<string, Span>;
  /** By span id. */
  readonly anchors: ReadonlyMap<string, Anchor>;
  /** Spans that hang on their parent, by its span id. */
  readonly children: ReadonlyMap<string, readonly Span[]>;
  /** Spans whose parent is missing. */
  readonly orphans: readonly Span[];
  /**
   * Spans with links to where they come from, by the trace that they link to. Those that start a journey are not among
   * them.
   */
  readonly linkers: ReadonlyMap<string, readonly Span[]>;
  /** Versions of spans that were set aside, and spans for which there was no room. */
  readonly repeated: number;
  readonly leftOut: number;
  /**
   * Who speaks for a span of this trace that is missing: the journey of what hung on it is the journey of the
   * first entry into the trace, or else of its first orphan. Where a trace serves several journeys (a batch),
   * the correlation id tells them apart: ids that differ never meet.
   */
  standIn(correlationId: string): Span | undefined;
}

/** What is not here. */
export const NO_TRACE: Trace = {
  spans: [],
  byId: new Map(),
  anchors: new Map(),
  children: new Map(),
  orphans: [],
  linkers: new Map(),
  repeated: 0,
  leftOut: 0,
  standIn: () => undefined,
};

/**
 * Indexes the spans of one trace, the earliest ones as far as there is room; repeats count once. `hasTrace` tells
 * whether another trace is here, `stored` how many spans the source has, when it knows.
 */
export function* indexTrace(
  received: Iterable<Span>,
  rules: Rules,
  hasTrace: (traceId: string) => boolean,
  work: Work,
  stored?: number,
): Pieces<Trace> {
  const { spans, byId, repeated, leftOut } = yield* readSpans(received, work, stored);
  const anchors = new Map<string, Anchor>();
  let hasEntry = false;
  for (const span of spans) {
    const anchor = anchorOf(span, { rules, parent: byId.get(span.parentSpanId), hasTrace });
    anchors.set(span.spanId, anchor);
    hasEntry ||= isEntry(anchor);
    work.step(1 + span.links.length);
    if (work.isDue()) yield;
  }
  // What came in from outside began outside, unless there is something inside that its parent may have belonged to.
  if (!hasEntry && rules.edges.size === 0)
    for (const span of spans)
      if (anchors.get(span.spanId)?.by === "missing parent" && saysRemote(span))
        anchors.set(span.spanId, { by: "nothing" });
  work.step(spans.length);
  return { ...joined(spans, anchors, rules), spans, byId, anchors, repeated, leftOut };
}

const isEntry = (anchor: Anchor): boolean =>
  anchor.by === "nothing" || anchor.by === "lost" || (anchor.by === "links" && anchor.links.length === 1);

function joined(
  spans: readonly Span[],
  anchors: ReadonlyMap<string, Anchor>,
  rules: Rules,
): Pick<Trace, "children" | "linkers" | "orphans" | "standIn"> {
  const children = new Map<string, Span[]>();
  const linkers = new Map<string, Span[]>();
  const orphans: Span[] = [];
  const entries: Span[] = [];
  for (const span of spans) {
    const anchor = anchors.get(span.spanId) ?? { by: "nothing" };
    if (anchor.by === "parent") append(children, anchor.parent.spanId, span);
    else if (anchor.by === "missing parent") orphans.push(span);
    else if (isEntry(anchor)) entries.push(span);
    if (anchor.by === "nothing") continue;
    const links = anchor.by === "links" ? anchor.links : originLinks(span, rules);
    for (const to of new Set(links.map((link) => link.traceId))) append(linkers, to, span);
  }
  const firstEntry = firstByCorrelation(entries);
  const firstOrphan = firstByCorrelation(orphans);
  const standIn = (correlationId: string) => firstEntry(correlationId) ?? firstOrphan(correlationId);
  return { children, linkers, orphans, standIn };
}

/** `sorted`: spans by start. Returns a look-up of the first one whose correlation id does not contradict. */
function firstByCorrelation(sorted: readonly Span[]): (correlationId: string) => Span | undefined {
  const first = new Map<string, Span>();
  for (const span of sorted) {
    const id = correlationOf(span);
    if (!first.has(id)) first.set(id, span);
  }
  return (id) => (id === "" ? sorted[0] : earlier(first.get(id), first.get("")));
}

interface ReadSpans {
  readonly spans: readonly Span[];
  readonly byId: ReadonlyMap<string, Span>;
  readonly repeated: number;
  readonly leftOut: number;
}

/** Reads them all where it may, and keeps the earliest: a tree is left whole by what is cut from its end. */
function* readSpans(received: Iterable<Span>, work: Work, stored?: number): Pieces<ReadSpans> {
  const versions = new Versions();
  const room = work.spansLeft;
  let [read, bytes, cut, unread] = [0, 0, 0, 0];
  const prune = (most: number): void => {
    const sorted = versions.values().sort(byStart);
    work.step(sorted.length);
    cut += sorted.length - most;
    versions.keep(sorted.slice(0, most));
    bytes = Math.ceil((bytes * most) / Math.max(sorted.length, 1));
  };
  for (const span of received) {
    versions.add(span);
    read += 1;
    work.step();
    bytes += roughBytes(span);
    if (versions.size > room * 1.25 + 16) prune(room);
    else if (bytes > work.bytesLeft * 1.25)
      prune(Math.max(1, Math.floor((versions.size * work.bytesLeft) / bytes)));
    if (work.isDue()) yield;
    if (work.spent === "" || work.spent === "spans" || work.spent === "bytes") continue;
    unread = Math.max(0, (stored ?? 0) - read);
    break;
  }
  if (versions.size > room) prune(room);
  if (work.isDue()) yield;
  const { byId, repeated } = versions.distinct();
  const spans = [...byId.values()].sort(byStart);
  work.step(spans.length);
  if (work.isDue()) yield;
  work.hold(spans.length, bytes);
  if (cut > 0) work.stop("spans");
  return { spans, byId, repeated, leftOut: cut + unread };
}

function append(index: Map<string, Span[]>, key: string, span: Span): void {
  const spans = index.get(key);
  if (spans) spans.push(span);
  else index.set(key, [span]);
}
