import { type Anchor, anchorOf, originLinks } from "./anchor.ts";
import { keyOf, type Span } from "./model.ts";
import { byStart, compareText, earlier } from "./order.ts";
import { correlationOf } from "./read.ts";

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
  /**
   * Who speaks for a span of this trace that is missing: the journey of what hung on it is the journey of the
   * first entry into the trace, or else of its first orphan. Where a trace serves several journeys (a batch),
   * the correlation id tells them apart: ids that differ never meet.
   */
  standIn(correlationId: string): Span | undefined;
}

/** Indexes the spans of one trace; repeats count once. `hasTrace` tells whether another trace is here. */
export function indexTrace(
  received: Iterable<Span>,
  edges: ReadonlySet<string>,
  hasTrace: (traceId: string) => boolean,
): Trace {
  const byId = withoutRepeats(received);
  const spans = [...byId.values()].sort(byStart);
  const anchors = new Map<string, Anchor>();
  const children = new Map<string, Span[]>();
  const linkers = new Map<string, Span[]>();
  const orphans: Span[] = [];
  const entries: Span[] = [];
  for (const span of spans) {
    const parent = byId.get(span.parentSpanId);
    const anchor = anchorOf(span, { edges, parent, hasTrace });
    anchors.set(span.spanId, anchor);
    if (anchor.by === "parent") append(children, anchor.parent.spanId, span);
    else if (anchor.by === "missing parent") orphans.push(span);
    else if (anchor.by !== "links" || anchor.links.length === 1) entries.push(span);
    if (anchor.by === "nothing") continue;
    const links = anchor.by === "links" ? anchor.links : originLinks(span);
    for (const to of new Set(links.map((link) => link.traceId))) append(linkers, to, span);
  }
  const firstEntry = firstByCorrelation(entries);
  const firstOrphan = firstByCorrelation(orphans);
  const standIn = (correlationId: string) => firstEntry(correlationId) ?? firstOrphan(correlationId);
  return { spans, byId, anchors, children, orphans, linkers, standIn };
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

/** One span per id. Should two differ, the same one wins whichever came first: the longer, then the greater text. */
function withoutRepeats(received: Iterable<Span>): Map<string, Span> {
  const byId = new Map<string, Span>();
  for (const span of received) {
    const known = byId.get(span.spanId);
    if (!known || (known !== span && isPreferred(span, known))) byId.set(span.spanId, span);
  }
  return byId;
}

function isPreferred(span: Span, known: Span): boolean {
  if (span.endNs !== known.endNs) return span.endNs > known.endNs;
  return compareText(contentOf(span), contentOf(known)) > 0;
}

function contentOf(span: Span): string {
  return keyOf(span) + JSON.stringify(span, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}

function append(index: Map<string, Span[]>, key: string, span: Span): void {
  const spans = index.get(key);
  if (spans) spans.push(span);
  else index.set(key, [span]);
}
