/** What the store is made of, for those who work on all of it, and the few questions that they all ask. */
import { hashBytes, hashed } from "../otlp/hash.ts";
import type { RawItem, RawSpan } from "../otlp/read.ts";
import { Blocks } from "./blocks.ts";
import { Names } from "./names.ts";
import { Operations } from "./operations.ts";
import { Origins } from "./origins.ts";
import { Postings } from "./postings.ts";
import { SpanIds } from "./span-ids.ts";
import { MANY, TraceTable } from "./trace-table.ts";
import { type Arrival, spanOf, Young } from "./young.ts";

/** Ids of shorter traces are compared one by one. */
const MANY_SPANS = 64;
/** Keeps the ids of links' targets apart from the values of attributes. */
const LINK_SALT = 1;

export class Tables {
  readonly traces = new TraceTable();
  /** Names of the services that journeys began at. */
  readonly services = new Names();
  readonly origins = new Origins();
  readonly operations = new Operations();
  readonly young = new Young();
  readonly blocks: Blocks;
  readonly #postings = new Postings();
  readonly #longTraces = new Map<number, SpanIds>();
  #longBytes = 0;

  constructor(blockBytes: number) {
    this.blocks = new Blocks(blockBytes, this.origins, this.operations);
  }

  get bytes(): number {
    const indexes = this.traces.bytes + this.#postings.size * this.#postings.postingBytes + this.#longBytes;
    return this.young.bytes + this.blocks.bytes + this.origins.bytes + this.operations.bytes + indexes;
  }

  /** How many keys each index has: all 0 in an empty store, or one of them leaks. */
  sizes(): Readonly<Record<"traces" | "origins" | "services" | "postings" | "blocks", number>> {
    return {
      traces: this.traces.rows.size,
      origins: this.origins.size,
      services: this.operations.services().length,
      postings: this.#postings.size,
      blocks: this.blocks.count,
    };
  }

  /** Makes an arrival findable: by its trace, its entries and the traces that it links to. */
  index(arrival: Arrival): void {
    const { trace, buffer, item } = arrival;
    this.young.note(arrival);
    const { rows } = this.traces;
    const first = rows.get("postings", trace);
    let postings = first;
    for (let i = 0; i < item.entries.length; i += 2) {
      postings = this.#postings.add(item.entries[i] ?? 0, item.entries[i + 1] ?? 0, trace, postings);
    }
    const span = spanOf(arrival);
    for (const at of span?.linkedAt ?? []) {
      hashBytes(buffer, at, at + 16, LINK_SALT);
      postings = this.#postings.add(hashed.high, hashed.low, trace, postings);
      const into = rows.get("into", trace);
      if (into >= 0 && this.traces.find(buffer, at) !== into) rows.set("into", trace, MANY);
    }
    if (postings !== first) rows.set("postings", trace, postings);
    const column = span ? "spans" : "logs";
    rows.set(column, trace, rows.get(column, trace) + 1);
    if (span) this.#noteId(trace, span);
  }

  /** Rows under the hash of an entry, each once, the last that came first. */
  withEntry(high: number, low: number): Set<number> {
    return new Set(this.#postings.of(high, low));
  }

  /** Rows of the traces that link into the trace with this id, the last that came first. */
  linkedTo(id: Buffer): Set<number> {
    hashBytes(id, 0, 16, LINK_SALT);
    return this.withEntry(hashed.high, hashed.low);
  }

  /** True when the trace has the span with this id. */
  hasSpan(trace: number, high: number, low: number): boolean {
    const ids = this.#longTraces.get(trace);
    if (ids) return ids.has(high, low);
    for (const { item, operation } of this.young.of(trace)) {
      if (operation === null) continue;
      const { idHigh, idLow } = item as RawSpan;
      if (idHigh === high && idLow === low) return true;
    }
    return this.blocks.hasSpan(this.traces.rows.get("part", trace), high, low);
  }

  /** Lets go of what an arrival held while it was young. */
  release({ origin, operation }: Pick<Arrival, "origin" | "operation">): void {
    this.origins.release(origin);
    if (operation) this.operations.release(operation);
  }

  /** Takes a trace out of everything. Returns how many items went. */
  remove(trace: number): { readonly spans: number; readonly logs: number } {
    const { rows } = this.traces;
    const counts = { spans: rows.get("spans", trace), logs: rows.get("logs", trace) };
    for (const arrival of this.young.take(trace)) this.release(arrival);
    this.blocks.remove(rows.get("part", trace));
    this.#postings.removeAll(rows.get("postings", trace));
    this.#longBytes -= this.#longTraces.get(trace)?.bytes ?? 0;
    this.#longTraces.delete(trace);
    this.services.release(rows.get("service", trace));
    this.traces.remove(trace);
    return counts;
  }

  #noteId(trace: number, span: RawItem & Pick<RawSpan, "idHigh" | "idLow">): void {
    let ids = this.#longTraces.get(trace);
    if (!ids) {
      if (this.traces.rows.get("spans", trace) <= MANY_SPANS) return;
      ids = new SpanIds();
      this.#longTraces.set(trace, ids);
      const taken = ids;
      for (const arrival of this.young.of(trace)) {
        const known = spanOf(arrival);
        if (known) taken.add(known.idHigh, known.idLow);
      }
      this.blocks.eachId(this.traces.rows.get("part", trace), (high, low) => taken.add(high, low));
      this.#longBytes += ids.bytes;
      return;
    }
    this.#longBytes -= ids.bytes;
    ids.add(span.idHigh, span.idLow);
    this.#longBytes += ids.bytes;
  }
}
