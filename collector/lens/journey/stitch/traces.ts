import { keyOf, type Span } from "../model.ts";
import { byStart } from "../order.ts";
import { correlationOf } from "../read.ts";
import type { Rules } from "../rules.ts";
import type { SpanSource } from "../source.ts";
import { type Anchor, startsOwnJourney } from "./anchor.ts";
import { indexTrace, NO_TRACE, type Trace } from "./trace.ts";
import type { Pieces, Work } from "./work.ts";

type SpanAt = { readonly traceId: string; readonly spanId: string };

/** Traces that are looked for only to count what is left out. */
const COUNTED = 100;

/**
 * The traces of a source, each read when it is first needed and then kept: stitching one journey reads the
 * traces that it touches and no other, also when a batch in it links into hundreds of journeys. Once the work is spent
 * nothing more is read: a trace that is not here yet then counts as absent, and is noted as left out.
 */
export class Traces {
  readonly rules: Rules;
  readonly work: Work;
  readonly #source: SpanSource;
  readonly #loaded = new Map<string, Trace>();
  readonly #known = new Map<string, boolean>();
  readonly #unread = new Set<string>();
  /** Loaded traces with a link into a trace, by that. */
  readonly #linkers = new Map<string, Set<string>>();
  readonly #correlated = new Map<string, readonly Span[]>();
  readonly #roots = new Map<string, readonly Span[]>();

  constructor(source: SpanSource, rules: Rules, work: Work) {
    this.#source = source;
    this.rules = rules;
    this.work = work;
  }

  /** Traces that are needed and were not read; it is unknown what lies behind them. */
  get unread(): number {
    return this.#unread.size;
  }

  /** Reads the trace, if it is not here. */
  *load(traceId: string): Pieces<Trace> {
    const known = this.#loaded.get(traceId);
    if (known) return known;
    if (this.#known.get(traceId) === false) return NO_TRACE;
    if (this.work.spent !== "") {
      if (this.has(traceId)) this.#unread.add(traceId);
      return NO_TRACE;
    }
    this.work.step(4);
    const { trace: read, count } = this.#source;
    const has = (other: string) => this.has(other);
    const trace = yield* indexTrace(
      read.call(this.#source, traceId),
      this.rules,
      has,
      this.work,
      count?.(traceId),
    );
    this.#loaded.set(traceId, trace);
    this.#known.set(traceId, trace.spans.length > 0);
    for (const to of trace.linkers.keys()) {
      const from = this.#linkers.get(to);
      if (from) from.add(traceId);
      else this.#linkers.set(to, new Set([traceId]));
    }
    return trace;
  }

  /** The trace as far as it was read; an empty one otherwise. */
  trace(traceId: string): Trace {
    return this.#loaded.get(traceId) ?? NO_TRACE;
  }

  /** All that were read. */
  loaded(): Iterable<Trace> {
    return this.#loaded.values();
  }

  /** Whether the source holds any span of the trace. Looks at one span at most. */
  has(traceId: string): boolean {
    const known = this.#known.get(traceId);
    if (known !== undefined) return known;
    this.work.step();
    const { count } = this.#source;
    const answer = count ? count(traceId) > 0 : !this.#source.trace(traceId)[Symbol.iterator]().next().done;
    this.#known.set(traceId, answer);
    return answer;
  }

  /** The span, or undefined when it is not here. */
  span(at: SpanAt): Span | undefined {
    return this.trace(at.traceId).byId.get(at.spanId);
  }

  /** What a span that was read hangs on. */
  anchor(span: Span): Anchor {
    return this.trace(span.traceId).anchors.get(span.spanId) ?? { by: "nothing" };
  }

  /**
   * What a link leads to in a trace that was read: the span itself (`found`), or who speaks for it when it is missing.
   * Undefined when nobody does.
   */
  target(at: SpanAt, from: Span): { readonly span: Span; readonly found: boolean } | undefined {
    const found = this.span(at);
    if (found) return { span: found, found: true };
    const standIn = this.trace(at.traceId).standIn(correlationOf(from));
    return standIn && { span: standIn, found: false };
  }

  /** All spans that this one follows; none for a root and for a span that has lost its context. */
  *allBefore(span: Span, most: number): Pieces<Span[]> {
    const anchor = this.anchor(span);
    if (anchor.by === "parent") return [anchor.parent];
    const isOther = (one: Span | undefined): one is Span => one !== undefined && keyOf(one) !== keyOf(span);
    if (anchor.by === "missing parent")
      return [this.trace(span.traceId).standIn(correlationOf(span))].filter(isOther);
    if (anchor.by !== "links") return [];
    const before: Span[] = [];
    for (const link of anchor.links) {
      yield* this.load(link.traceId);
      this.work.step();
      const target = this.target(link, span)?.span;
      if (isOther(target)) before.push(target);
      if (before.length >= most) break;
      if (this.work.isDue()) yield;
    }
    return before;
  }

  /**
   * Spans of any trace that come, by a link, from a span of this trace: those that were read first, then the others.
   */
  *linkersInto(traceId: string): Pieces<Span[]> {
    const found: Span[] = [];
    const seen = new Set<string>();
    const add = (from: string): void => {
      if (seen.has(from)) return;
      seen.add(from);
      for (const span of this.trace(from).linkers.get(traceId) ?? []) found.push(span);
    };
    for (const from of this.#linkers.get(traceId) ?? []) add(from);
    let pastEnd = 0;
    for (const from of this.#source.linksInto(traceId)) {
      yield* this.load(from);
      add(from);
      this.work.step();
      if (this.work.isDue()) yield;
      // What is left out is counted for a while, not for ever.
      if (this.work.spent !== "" && pastEnd++ >= COUNTED) break;
    }
    return found;
  }

  /** Spans with this correlation id, by start: those that were read, and of the source as many as it names. */
  *correlated(correlationId: string): Pieces<readonly Span[]> {
    if (correlationId === "") return [];
    const known = this.#correlated.get(correlationId);
    if (known) return known;
    for (const traceId of this.#source.correlated(correlationId)) yield* this.load(traceId);
    const found: Span[] = [];
    for (const { spans } of this.#loaded.values()) {
      this.work.step(spans.length);
      if (this.work.isDue()) yield;
      for (const span of spans) if (correlationOf(span) === correlationId) found.push(span);
    }
    found.sort(byStart);
    this.#correlated.set(correlationId, found);
    return found;
  }

  /** The roots with this correlation id, by start: those at the public edge and of replays, or else any. */
  *rootsOf(correlationId: string): Pieces<readonly Span[]> {
    const known = this.#roots.get(correlationId);
    if (known) return known;
    const spans = yield* this.correlated(correlationId);
    const roots = spans.filter((span) => this.anchor(span).by === "nothing");
    const own = roots.filter((span) => startsOwnJourney(span, { rules: this.rules, parent: undefined }));
    const answer = own.length > 0 ? own : roots;
    this.#roots.set(correlationId, answer);
    return answer;
  }
}
