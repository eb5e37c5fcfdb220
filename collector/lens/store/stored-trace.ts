/** What the store has of one trace, as those who ask see it: a view, of the moment of each call. */
import type { Block, Stored } from "./block.ts";
import type { Tables } from "./tables.ts";
import { spanOf } from "./young.ts";

export class StoredTrace {
  /** Its row while it is stored; another trace may have it later. */
  readonly row: number;
  /** The number of its arrival: later traces have greater ones. */
  readonly number: number;
  readonly spanCount: number;
  readonly logCount: number;
  readonly #tables: Tables;

  constructor(tables: Tables, row: number) {
    const { traces } = tables;
    this.#tables = tables;
    this.row = row;
    this.number = traces.rows.get("number", row);
    this.spanCount = traces.rows.get("spans", row);
    this.logCount = traces.rows.get("logs", row);
  }

  /** Lower-case hex; empty for log records outside any trace. */
  get traceId(): string {
    const { traces } = this.#tables;
    return traces.hasId(this.row) ? traces.id(this.row).toString("hex") : "";
  }

  /** False when all of it lies in blocks of which none passes. */
  mayBeIn(passes: (block: Block) => boolean): boolean {
    const { young, blocks, traces } = this.#tables;
    return young.of(this.row).length > 0 || blocks.some(traces.rows.get("part", this.row), passes);
  }

  /** The spans in the order of their arrival. */
  spans(): Generator<Stored> {
    return this.#items(false);
  }

  /** The log records in the order of their arrival. */
  logs(): Generator<Stored> {
    return this.#items(true);
  }

  *#items(logs: boolean): Generator<Stored> {
    const { traces, blocks, young } = this.#tables;
    yield* blocks.items(traces.rows.get("part", this.row), logs);
    for (const arrival of young.of(this.row)) {
      if ((spanOf(arrival) === null) !== logs) continue;
      const { item, buffer, origin } = arrival;
      yield { origin, bytes: buffer.subarray(item.start, item.end) };
    }
  }
}
