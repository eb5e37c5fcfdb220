import { originLinks } from "./anchor.ts";
import { type Edge, keyOf, type Span, type SpanKey } from "./model.ts";
import { earlier } from "./order.ts";
import { correlationOf } from "./read.ts";
import { correlatedRoot } from "./root.ts";
import type { Traces } from "./traces.ts";

/** A span that belongs to a journey, or is shown in it, and where it hangs. */
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
 * journey's span when nothing more moves is shared: shown here, carrying nothing on. So it is never necessary
 * to look into the other journeys, and since joining only ever adds, the order of work does not show.
 * Visits each span and link of the touched traces once.
 */
export function grow(root: Span, traces: Traces): readonly Placed[] {
  const growth = new Growth(root, traces);
  growth.follow();
  growth.takeInCorrelated();
  growth.follow();
  return growth.result();
}

/** A span that hangs on several: how many are still to join, and the earliest of those that have. */
interface Waiting {
  readonly span: Span;
  left: number;
  under: Span | undefined;
  reached: boolean;
}

class Growth {
  readonly #root: Span;
  readonly #traces: Traces;
  readonly #placed = new Map<SpanKey, Placed>();
  readonly #next: Placed[] = [];
  readonly #entered = new Set<string>();
  readonly #waiting = new Map<SpanKey, Waiting>();
  /** By the span that is waited for; `found` is false when it only stands in for a missing one. */
  readonly #awaited = new Map<SpanKey, { readonly by: Waiting; readonly found: boolean }[]>();

  constructor(root: Span, traces: Traces) {
    this.#root = root;
    this.#traces = traces;
    this.#join({ span: root, under: null, edge: "root", shared: false, orphan: false });
  }

  /** Works until nothing more joins. */
  follow(): void {
    for (let at = this.#next.pop(); at; at = this.#next.pop()) {
      const { span, key } = at;
      for (const child of this.#traces.trace(span.traceId).children.get(span.spanId) ?? []) {
        this.#join({ span: child, under: key, edge: "child", shared: false, orphan: false });
      }
      for (const { by, found } of this.#awaited.get(key) ?? []) this.#arrive(by, found ? span : undefined);
    }
  }

  /** Adds the consumers that lost their context and whose correlation id leads to this root. */
  takeInCorrelated(): void {
    for (const span of this.#traces.correlated(correlationOf(this.#root))) {
      if (this.#placed.has(keyOf(span)) || correlatedRoot(span, this.#traces) !== this.#root) continue;
      const orphan = span.parentSpanId !== "" || span.links.length > 0;
      this.#join({ span, under: keyOf(this.#root), edge: "correlation", shared: false, orphan });
    }
  }

  /** All placed spans, then the shared ones. In no particular order. */
  result(): readonly Placed[] {
    for (const { span, under, reached } of this.#waiting.values()) {
      const key = keyOf(span);
      if (!reached || this.#placed.has(key)) continue;
      const place = { under: keyOf(under ?? this.#root), edge: "link", shared: true, orphan: false } as const;
      this.#placed.set(key, { key, span, ...place });
    }
    return [...this.#placed.values()];
  }

  #join({ span, under, edge, shared, orphan }: Omit<Placed, "key">): void {
    const key = keyOf(span);
    if (this.#placed.has(key)) return;
    const placed = { key, span, under, edge, shared, orphan };
    this.#placed.set(key, placed);
    this.#next.push(placed);
    this.#enter(span.traceId);
  }

  /** On the first span in a trace: notes who waits for something in it. */
  #enter(traceId: string): void {
    if (this.#entered.has(traceId)) return;
    this.#entered.add(traceId);
    const trace = this.#traces.trace(traceId);
    for (const orphan of trace.orphans) {
      const standIn = trace.standIn(correlationOf(orphan));
      if (standIn) this.#await(standIn, this.#waitingFor(orphan, 1), false);
    }
    for (const linker of this.#traces.linkersInto(traceId)) {
      const anchor = this.#traces.anchor(linker);
      const links = anchor.by === "links" ? anchor.links : originLinks(linker);
      const waiting = this.#waitingFor(linker, links.length);
      for (const link of links) {
        const target = link.traceId === traceId ? this.#traces.target(link, linker) : undefined;
        if (target) this.#await(target.span, waiting, target.found);
      }
    }
  }

  #waitingFor(span: Span, left: number): Waiting {
    const known = this.#waiting.get(keyOf(span));
    if (known) return known;
    const waiting: Waiting = { span, left, under: undefined, reached: false };
    this.#waiting.set(keyOf(span), waiting);
    return waiting;
  }

  #await(target: Span, by: Waiting, found: boolean): void {
    const awaited = this.#awaited.get(keyOf(target));
    if (awaited) awaited.push({ by, found });
    else this.#awaited.set(keyOf(target), [{ by, found }]);
  }

  /** `target` undefined: it stood in for a missing span, so there is nothing to hang under. */
  #arrive(waiting: Waiting, target: Span | undefined): void {
    waiting.left -= 1;
    waiting.reached = true;
    waiting.under = earlier(waiting.under, target);
    const { span, under } = waiting;
    const { by } = this.#traces.anchor(span);
    if (waiting.left > 0 || (by !== "links" && by !== "missing parent")) return;
    const missingParent =
      span.parentSpanId !== "" && !this.#traces.span({ ...span, spanId: span.parentSpanId });
    const parentKey = keyOf({ traceId: span.traceId, spanId: span.parentSpanId });
    const isChild = under ? keyOf(under) === parentKey : span.parentSpanId !== "";
    this.#join({
      span,
      under: keyOf(under ?? this.#root),
      edge: isChild ? "child" : "link",
      shared: false,
      orphan: missingParent || !under,
    });
  }
}
