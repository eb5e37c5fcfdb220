import { type Anchor, startsOwnJourney } from "./anchor.ts";
import type { Span } from "./model.ts";
import { correlationOf } from "./read.ts";
import type { SpanSource } from "./source.ts";
import { indexTrace, type Trace } from "./trace.ts";

/**
 * The traces of a source, each indexed when it is first needed and then kept: stitching one journey reads the
 * traces that it touches and no other, also when a batch in it links into hundreds of journeys.
 */
export class Traces {
  readonly #source: SpanSource;
  readonly #edges: ReadonlySet<string>;
  readonly #indexed = new Map<string, Trace>();
  readonly #known = new Map<string, boolean>();
  readonly #roots = new Map<string, readonly Span[]>();

  /** `edges`: services whose SERVER spans are the public edge. */
  constructor(source: SpanSource, edges: ReadonlySet<string>) {
    this.#source = source;
    this.#edges = edges;
  }

  /** The trace; an empty one for an unknown id. */
  trace(traceId: string): Trace {
    const known = this.#indexed.get(traceId);
    if (known) return known;
    const trace = indexTrace(this.#source.trace(traceId), this.#edges, (other) => this.has(other));
    this.#indexed.set(traceId, trace);
    return trace;
  }

  /** Whether the source holds any span of the trace. Looks at one span only. */
  has(traceId: string): boolean {
    const known = this.#known.get(traceId);
    if (known !== undefined) return known;
    const answer = !this.#source.trace(traceId)[Symbol.iterator]().next().done;
    this.#known.set(traceId, answer);
    return answer;
  }

  /** The span, or undefined when it is not here. */
  span(at: { readonly traceId: string; readonly spanId: string }): Span | undefined {
    return this.trace(at.traceId).byId.get(at.spanId);
  }

  /** What a span of this source hangs on. */
  anchor(span: Span): Anchor {
    return this.trace(span.traceId).anchors.get(span.spanId) ?? { by: "nothing" };
  }

  /**
   * What a link leads to: the span itself (`found`), or who speaks for it when it is missing. Undefined when
   * nobody does.
   */
  target(
    at: { readonly traceId: string; readonly spanId: string },
    from: Span,
  ): { readonly span: Span; readonly found: boolean } | undefined {
    const found = this.span(at);
    if (found) return { span: found, found: true };
    const standIn = this.trace(at.traceId).standIn(correlationOf(from));
    return standIn && { span: standIn, found: false };
  }

  /** The one span that this one follows; null for a root and for a span that has lost its context. */
  before(span: Span): Span | null {
    const anchor = this.anchor(span);
    if (anchor.by === "parent") return anchor.parent;
    if (anchor.by === "missing parent")
      return other(this.trace(span.traceId).standIn(correlationOf(span)), span);
    if (anchor.by !== "links") return null;
    const targets = anchor.links.map((link) => this.target(link, span));
    return other(targets.find((target) => target && target.span !== span)?.span, span);
  }

  /** Spans of any trace that come, by a link, from a span of this trace. */
  *linkersInto(traceId: string): Iterable<Span> {
    for (const from of this.#source.linksInto(traceId)) {
      yield* this.trace(from).linkers.get(traceId) ?? [];
    }
  }

  /** Spans with this correlation id. */
  *correlated(correlationId: string): Iterable<Span> {
    if (correlationId === "") return;
    for (const traceId of this.#source.correlated(correlationId)) {
      for (const span of this.trace(traceId).spans) if (correlationOf(span) === correlationId) yield span;
    }
  }

  /** The roots with this correlation id: those at the public edge and of replays, or else any. */
  rootsOf(correlationId: string): readonly Span[] {
    const known = this.#roots.get(correlationId);
    if (known) return known;
    const roots = [...this.correlated(correlationId)].filter((span) => this.anchor(span).by === "nothing");
    const own = roots.filter((span) => startsOwnJourney(span, { edges: this.#edges, parent: undefined }));
    const answer = own.length > 0 ? own : roots;
    this.#roots.set(correlationId, answer);
    return answer;
  }
}

const other = (span: Span | undefined, than: Span): Span | null => (span && span !== than ? span : null);
