import { type Edge, keyOf, type Span, type SpanKey } from "../model.ts";
import { earlier } from "../order.ts";
import { correlationOf } from "../read.ts";
import { originLinks } from "./anchor.ts";
import { correlatedRoot } from "./root.ts";
import type { Traces } from "./traces.ts";
import type { Pieces } from "./work.ts";

/** A span that belongs to a journey, or is shared by it, and where it hangs. */
export interface Placed {
  readonly key: SpanKey;
  readonly span: Span;
  readonly under: SpanKey | null;
  readonly edge: Edge;
  readonly shared: boolean;
  readonly orphan: boolean;
}

/**
 * Everything that a root set off: its children, the spans that link to one of its spans, and their children.
 *
 * A span with several links joins when all that it links to has joined; one that still waits for another
 * journey's span when nothing more moves is shared: shown here, with all that it set off, and all of that is shared
 * as well. So it is never necessary to look into the other journeys, and since joining only ever adds, the order of
 * work does not show. Visits each span and link of the touched traces once for each of the two.
 */
export function* grow(root: Span, traces: Traces): Pieces<readonly Placed[]> {
  const growth = new Growth(root, traces);
  yield* growth.follow();
  yield* growth.takeInCorrelated();
  yield* growth.follow();
  while (growth.share()) yield* growth.follow();
  return growth.result();
}

/** A span that hangs on several: how many are still to join, and the earliest of those that have. */
interface Waiting {
  readonly span: Span;
  left: number;
  under: Span | undefined;
}

class Growth {
  readonly #root: Span;
  readonly #traces: Traces;
  readonly #placed = new Map<SpanKey, Placed>();
  readonly #next: Placed[] = [];
  readonly #entered = new Set<string>();
  readonly #waiting = new Map<SpanKey, Waiting>();
  /** Those of the waiting that something here leads to. */
  readonly #reached = new Set<Waiting>();
  /** By the span that is waited for; `found` is false when it only stands in for a missing one. */
  readonly #awaited = new Map<SpanKey, { readonly by: Waiting; readonly found: boolean }[]>();

  constructor(root: Span, traces: Traces) {
    this.#root = root;
    this.#traces = traces;
    this.#join({ span: root, under: null, edge: "root", shared: false, orphan: false });
  }

  /** Works until nothing more joins. */
  *follow(): Pieces<void> {
    const { work } = this.#traces;
    for (let at = this.#next.pop(); at; at = this.#next.pop()) {
      const { span, key, shared } = at;
      yield* this.#enter(span.traceId);
      const children = this.#traces.trace(span.traceId).children.get(span.spanId) ?? [];
      const awaiting = this.#awaited.get(key) ?? [];
      for (const child of children) {
        this.#join({ span: child, under: key, edge: "child", shared, orphan: false });
        work.step();
        if (work.isDue()) yield;
      }
      for (const { by, found } of awaiting) {
        this.#arrive(by, found ? span : undefined, shared);
        work.step();
        if (work.isDue()) yield;
      }
    }
  }

  /** Adds the consumers that lost their context and whose correlation id leads to this root. */
  *takeInCorrelated(): Pieces<void> {
    for (const span of yield* this.#traces.correlated(correlationOf(this.#root))) {
      if (span.kind !== "CONSUMER" || this.#placed.has(keyOf(span))) continue;
      this.#traces.work.step();
      if (this.#traces.work.isDue()) yield;
      const root = yield* correlatedRoot(span, this.#traces);
      if (root === null || keyOf(root) !== keyOf(this.#root)) continue;
      const orphan = span.parentSpanId !== "" || originLinks(span, this.#traces.rules).length > 0;
      this.#join({ span, under: keyOf(this.#root), edge: "correlation", shared: false, orphan });
    }
  }

  /**
   * Takes in, as shared, all that was reached and still waits; false when there is none. What they lead to is taken in
   * by the next call, so that each hangs under the same span whatever was looked at first.
   */
  share(): boolean {
    const reached = [...this.#reached];
    this.#reached.clear();
    let isAny = false;
    for (const { span, under } of reached) {
      if (this.#placed.has(keyOf(span))) continue;
      isAny = true;
      this.#join(this.#place(span, under, true));
    }
    return isAny;
  }

  /** All placed spans, in no particular order. */
  result(): readonly Placed[] {
    return [...this.#placed.values()];
  }

  #join({ span, under, edge, shared, orphan }: Omit<Placed, "key">): void {
    const key = keyOf(span);
    if (this.#placed.has(key)) return;
    const placed = { key, span, under, edge, shared, orphan };
    this.#placed.set(key, placed);
    this.#next.push(placed);
  }

  /** On the first span in a trace: notes who waits for something in it. */
  *#enter(traceId: string): Pieces<void> {
    if (this.#entered.has(traceId)) return;
    this.#entered.add(traceId);
    const { work } = this.#traces;
    const trace = this.#traces.trace(traceId);
    for (const orphan of trace.orphans) {
      const standIn = trace.standIn(correlationOf(orphan));
      if (standIn) this.#await(standIn, this.#waitingFor(orphan, 1), false);
      work.step();
      if (work.isDue()) yield;
    }
    for (const linker of yield* this.#traces.linkersInto(traceId)) {
      const anchor = this.#traces.anchor(linker);
      const links = anchor.by === "links" ? anchor.links : originLinks(linker, this.#traces.rules);
      const waiting = this.#waitingFor(linker, links.length);
      for (const link of links) {
        const target = link.traceId === traceId ? this.#traces.target(link, linker) : undefined;
        if (target) this.#await(target.span, waiting, target.found);
      }
      work.step(links.length);
      if (work.isDue()) yield;
    }
  }

  #waitingFor(span: Span, left: number): Waiting {
    const known = this.#waiting.get(keyOf(span));
    if (known) return known;
    const waiting: Waiting = { span, left, under: undefined };
    this.#waiting.set(keyOf(span), waiting);
    return waiting;
  }

  #await(target: Span, by: Waiting, found: boolean): void {
    const awaited = this.#awaited.get(keyOf(target));
    if (awaited) awaited.push({ by, found });
    else this.#awaited.set(keyOf(target), [{ by, found }]);
  }

  /** `target` undefined: it stood in for a missing span, so there is nothing to hang under. */
  #arrive(waiting: Waiting, target: Span | undefined, shared: boolean): void {
    waiting.under = earlier(waiting.under, target);
    this.#reached.add(waiting);
    // What comes by way of a shared span is never wholly this journey's.
    if (!shared) waiting.left -= 1;
    const { span, under } = waiting;
    const { by } = this.#traces.anchor(span);
    if (waiting.left > 0 || (by !== "links" && by !== "missing parent")) return;
    this.#join(this.#place(span, under, false));
  }

  #place(span: Span, under: Span | undefined, shared: boolean): Omit<Placed, "key"> {
    const parentKey = keyOf({ traceId: span.traceId, spanId: span.parentSpanId });
    const hasParent = span.parentSpanId !== "";
    const missingParent = hasParent && !this.#traces.span({ ...span, spanId: span.parentSpanId });
    const isChild = under ? keyOf(under) === parentKey : hasParent;
    const isOrphan =
      this.#traces.anchor(span).by === "missing parent" || (!shared && (missingParent || !under));
    return {
      span,
      under: keyOf(under ?? this.#root),
      edge: isChild ? "child" : "link",
      shared,
      orphan: isOrphan,
    };
  }
}
