/**
 * What the store has of one trace, as those who ask see it. Its items are read when they are asked for, a page at a
 * time.
 */
import type { TraceRow } from "../row-types.ts";
import { FIRST, type ItemsPage, type ItemsPlace, type Stored, versionOf } from "./items.ts";

/** What a trace needs of the reader. */
export interface TraceSource {
  readonly rowsOf: (id: Buffer) => TraceRow[];
  readonly page: (rows: readonly TraceRow[], logs: boolean, at: ItemsPlace) => ItemsPage;
}

export class StoredTrace {
  /** Lower-case hex; empty for log records outside any trace. */
  readonly traceId: string;
  /** The number of its arrival: later traces have greater ones. */
  readonly number: number;
  /** Of the first and last of its spans, Unix nanoseconds to within 256; 0 without spans. */
  readonly startNs: number;
  readonly endNs: number;
  readonly spanCount: number;
  readonly logCount: number;
  readonly #rows: readonly TraceRow[];
  readonly #source: TraceSource;

  /**
   * `rows`: all that hold something of it, the first that came first. `number`: when it is listed by another than the
   * first.
   */
  constructor(rows: readonly TraceRow[], source: TraceSource, number = rows[0]?.[1] ?? 0) {
    const id = Buffer.from(rows[0]?.[2] ?? []);
    const sum = (column: 7 | 8): number => rows.reduce((total, row) => total + row[column], 0);
    const withSpans = rows.filter((row) => row[7] > 0);
    this.traceId = id.every((byte) => byte === 0) ? "" : id.toString("hex");
    this.number = number;
    this.startNs = withSpans.length > 0 ? Math.min(...withSpans.map((row) => row[11])) : 0;
    this.endNs = withSpans.length > 0 ? Math.max(...withSpans.map((row) => row[12])) : 0;
    this.spanCount = sum(7);
    this.logCount = sum(8);
    this.#rows = rows;
    this.#source = source;
  }

  /** A page of its spans in the order of their arrival, with every version of each. */
  spansPage(at: ItemsPlace = FIRST): ItemsPage {
    return this.#source.page(this.#rows, false, at);
  }

  /** A page of its log records in the order of their arrival. */
  logsPage(at: ItemsPlace = FIRST): ItemsPage {
    return this.#source.page(this.#rows, true, at);
  }

  /** The spans in the order of their arrival, each once: as it ended, when it came without its end first. */
  *spans(): Generator<Stored> {
    const isRevised = this.#rows.some((row) => row[6] !== 0);
    if (!isRevised) return yield* this.#items(false);
    const ended = new Set<string>();
    for (const { bytes } of this.#items(false)) {
      const { key, hasEnded } = versionOf(bytes);
      if (hasEnded) ended.add(key);
    }
    for (const item of this.#items(false)) {
      const { key, hasEnded } = versionOf(item.bytes);
      if (hasEnded || !ended.has(key)) yield item;
    }
  }

  /** The log records in the order of their arrival. */
  logs(): Generator<Stored> {
    return this.#items(true);
  }

  *#items(logs: boolean): Generator<Stored> {
    for (let at: ItemsPlace | null = FIRST; at; ) {
      const page: ItemsPage = this.#source.page(this.#rows, logs, at);
      yield* page.items;
      at = page.next;
    }
  }
}
