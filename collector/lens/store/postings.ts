/**
 * An inverted index: the hash of a key to the traces that have it, the last that came first. Each trace has the list of
 * its own postings, so that all of them go with it.
 */
import { NONE, Rows } from "./rows.ts";
import { ENTRY_BYTES, Table } from "./table.ts";

/**
 * A trace whose keys are many is not searched to its end for a key that it may have: the key then stands there twice.
 */
const MAX_COMPARED = 64;

export class Postings {
  readonly #rows = new Rows(["high", "low", "trace", "newer", "older", "ofTrace"]);
  readonly #table = new Table();

  /** What one posting takes, in bytes. */
  get postingBytes(): number {
    return this.#rows.rowBytes + ENTRY_BYTES;
  }

  get size(): number {
    return this.#rows.size;
  }

  /**
   * Enters `trace` under a key's hash. `first`: the trace's first posting. Returns its first from now on: the same when
   * it was there.
   */
  add(high: number, low: number, trace: number, first: number): number {
    const rows = this.#rows;
    let compared = 0;
    for (let row = first; row !== NONE && compared < MAX_COMPARED; row = rows.get("ofTrace", row)) {
      if (rows.get("high", row) === (high | 0) && rows.get("low", row) === (low | 0)) return first;
      compared++;
    }
    const head = this.#head(high, low);
    const row = rows.take();
    rows.set("high", row, high);
    rows.set("low", row, low);
    rows.set("trace", row, trace);
    rows.set("ofTrace", row, first);
    if (head === NONE) this.#table.add(high, row);
    else {
      rows.set("older", row, head);
      rows.set("newer", head, row);
      this.#table.replace(high, head, row);
    }
    return row;
  }

  /** Takes out all postings of a trace; `first`: the first. Returns how many there were. */
  removeAll(first: number): number {
    const rows = this.#rows;
    let count = 0;
    for (let row = first; row !== NONE; count++) {
      const next = rows.get("ofTrace", row);
      const newer = rows.get("newer", row);
      const older = rows.get("older", row);
      if (older !== NONE) rows.set("newer", older, newer);
      if (newer !== NONE) rows.set("older", newer, older);
      else if (older !== NONE) this.#table.replace(rows.get("high", row) >>> 0, row, older);
      else this.#table.remove(rows.get("high", row) >>> 0, row);
      rows.free(row);
      row = next;
    }
    return count;
  }

  /** The traces under a key's hash, the last that came first. */
  *of(high: number, low: number): Generator<number> {
    const rows = this.#rows;
    for (let row = this.#head(high, low); row !== NONE; row = rows.get("older", row)) {
      yield rows.get("trace", row);
    }
  }

  #head(high: number, low: number): number {
    const { high: highs, low: lows } = this.#rows.columns;
    return this.#table.find(high, (row) => highs[row] === (high | 0) && lows[row] === (low | 0));
  }
}
