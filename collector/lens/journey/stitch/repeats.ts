/**
 * Spans of one trace that come under one id. Which of them counts never depends on which came first:
 * - of several versions the one that has ended, and of those the one that ended last; then the greater text;
 * - a CLIENT and a SERVER span of one id, as Zipkin's shared ids make them, are two halves of one call, and both stay:
 *   the server's becomes a child of the client's, and what its process did stays below it.
 */
import { keyOf, type Span } from "../model.ts";
import { compareText } from "../order.ts";

export interface Distinct {
  readonly byId: Map<string, Span>;
  /** Versions that differ from the one that counts. */
  readonly repeated: number;
}

/** Takes spans one by one, in any order. */
export class Versions {
  readonly #client = new Map<string, Span>();
  readonly #server = new Map<string, Span>();
  readonly #contents = new Map<string, Set<string>>();

  get size(): number {
    return this.#client.size + this.#server.size;
  }

  add(span: Span): void {
    const half = span.kind === "SERVER" ? this.#server : this.#client;
    const known = half.get(span.spanId);
    if (!known || known === span) {
      half.set(span.spanId, span);
      return;
    }
    this.#note(known);
    this.#note(span);
    if (isPreferred(span, known)) half.set(span.spanId, span);
  }

  /** All that count, in no order. Halves of one id are not yet told apart. */
  values(): Span[] {
    return [...this.#client.values(), ...this.#server.values()];
  }

  /** Goes on with these alone. */
  keep(spans: readonly Span[]): void {
    this.#client.clear();
    this.#server.clear();
    for (const span of spans) (span.kind === "SERVER" ? this.#server : this.#client).set(span.spanId, span);
  }

  /** What counts, each under an id of its own. */
  distinct(): Distinct {
    const byId = new Map(this.#client);
    let repeated = 0;
    for (const contents of this.#contents.values()) repeated += contents.size - 1;
    const halves = new Map<string, Span>();
    for (const [id, server] of this.#server) {
      const other = byId.get(id);
      if (!other) byId.set(id, server);
      else if (other.kind === "CLIENT") halves.set(id, server);
      else {
        repeated += 1;
        if (isPreferred(server, other)) byId.set(id, server);
      }
    }
    if (halves.size > 0) joinHalves(byId, halves);
    return { byId, repeated };
  }

  #note(span: Span): void {
    const id = `${span.kind === "SERVER"}${span.spanId}`;
    const contents = this.#contents.get(id) ?? new Set();
    this.#contents.set(id, contents.add(contentOf(span)));
  }
}

function joinHalves(byId: Map<string, Span>, halves: ReadonlyMap<string, Span>): void {
  for (const span of [...byId.values()]) {
    const server = halves.get(span.parentSpanId);
    if (server && span.service === server.service && span.service !== byId.get(server.spanId)?.service)
      byId.set(span.spanId, { ...span, parentSpanId: serverHalf(server.spanId) });
  }
  for (const [id, server] of halves)
    byId.set(serverHalf(id), { ...server, spanId: serverHalf(id), parentSpanId: id });
}

const serverHalf = (id: string): string => `${id}.server`;

function isPreferred(span: Span, known: Span): boolean {
  if (span.endNs !== known.endNs) return span.endNs > known.endNs;
  return compareText(contentOf(span), contentOf(known)) > 0;
}

function contentOf(span: Span): string {
  return keyOf(span) + JSON.stringify(span, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}
