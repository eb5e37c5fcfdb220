/**
 * The ids of one trace's spans, to recognise a span that comes again. A few are searched one by one; more lie in an
 * open-addressing table, which takes 16 to 32 bytes an id where a Set of strings takes 100.
 */
import type { Hasher } from "../../otlp/hasher.ts";

/** Numbers of each: the halves of its id, and what was known of the span. */
const WIDTH = 3;
const SEARCHED = 48;

export class SpanIds {
  readonly #hasher: Hasher;
  #few: number[] = [];
  /** 0, 0 is a free place, since OTLP forbids the id of zeros. */
  #table: Int32Array | null = null;
  #count = 0;

  /** `hasher`: keyed, so that no sender can choose ids that all meet. */
  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  get size(): number {
    return this.#count;
  }

  /** What was set for this id; -1 for one that is not known. */
  get(high: number, low: number): number {
    if (this.#table) return this.#table[this.#placeIn(this.#table, high, low) + 2] ?? -1;
    const few = this.#few;
    for (let i = 0; i < few.length; i += WIDTH)
      if (few[i] === high && few[i + 1] === low) return few[i + 2] as number;
    return -1;
  }

  /** Takes up an id that is not all zeros, as two signed 32-bit halves; `known` from 0 on. */
  set(high: number, low: number, known: number): void {
    if (this.#table) this.#insert(high, low, known);
    else this.#setFew(high, low, known);
  }

  #setFew(high: number, low: number, known: number): void {
    const few = this.#few;
    for (let i = 0; i < few.length; i += WIDTH) {
      if (few[i] !== high || few[i + 1] !== low) continue;
      few[i + 2] = known;
      return;
    }
    few.push(high, low, known);
    this.#count++;
    if (this.#count > SEARCHED) this.#widen(256);
  }

  #widen(places: number): void {
    const [few, before] = [this.#few, this.#table];
    const ids = before ?? few;
    this.#table = emptyTable(places);
    this.#few = [];
    this.#count = 0;
    for (let i = 0; i < ids.length; i += WIDTH)
      if (ids[i] !== 0 || ids[i + 1] !== 0)
        this.#insert(ids[i] as number, ids[i + 1] as number, ids[i + 2] as number);
  }

  #insert(high: number, low: number, known: number): void {
    const table = this.#table as Int32Array;
    const at = this.#placeIn(table, high, low);
    if (table[at + 2] === -1) this.#count++;
    table[at] = high;
    table[at + 1] = low;
    table[at + 2] = known;
    const places = table.length / WIDTH;
    if (this.#count * 4 > places * 3) this.#widen(places * 2);
  }

  /** Where the id stands, or where it would. */
  #placeIn(table: Int32Array, high: number, low: number): number {
    const mask = table.length / WIDTH - 1;
    for (let place = this.#hasher.spanId(high, low) & mask; ; place = (place + 1) & mask) {
      const at = place * WIDTH;
      if (table[at + 2] === -1 || (table[at] === high && table[at + 1] === low)) return at;
    }
  }
}

function emptyTable(places: number): Int32Array {
  const table = new Int32Array(places * WIDTH);
  for (let at = 2; at < table.length; at += WIDTH) table[at] = -1;
  return table;
}
