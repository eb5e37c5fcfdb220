/**
 * Rows of whole numbers outside the JavaScript heap: what would be a million small objects, which the garbage collector
 * would have to visit, is one array a column. A row that is freed is used again.
 */

const FIRST_ROWS = 256;

/** No row: the end of a list. */
export const NONE = -1;

export class Rows<Column extends string> {
  readonly #names: readonly Column[];
  /** By column; -1 where nothing was written. Read freely, but take the array anew after each `take`. */
  readonly columns: Record<Column, Int32Array>;
  readonly #free: number[] = [];
  #used = 0;

  constructor(names: readonly Column[]) {
    this.#names = names;
    this.columns = Object.fromEntries(
      names.map((name) => [name, new Int32Array(FIRST_ROWS).fill(NONE)]),
    ) as Record<Column, Int32Array>;
  }

  /** A row in which every column is -1. */
  take(): number {
    const row = this.#free.pop() ?? this.#used++;
    const [first] = this.#names;
    if (first !== undefined && row >= this.columns[first].length) this.#widen();
    return row;
  }

  /** Gives a row back. */
  free(row: number): void {
    for (const name of this.#names) this.columns[name][row] = NONE;
    this.#free.push(row);
  }

  get(column: Column, row: number): number {
    return this.columns[column][row] ?? NONE;
  }

  set(column: Column, row: number, value: number): void {
    this.columns[column][row] = value;
  }

  /** Rows in use. */
  get size(): number {
    return this.#used - this.#free.length;
  }

  /** Bytes of one row. */
  get rowBytes(): number {
    return this.#names.length * Int32Array.BYTES_PER_ELEMENT;
  }

  #widen(): void {
    for (const name of this.#names) {
      const wider = new Int32Array(this.columns[name].length * 2).fill(NONE);
      wider.set(this.columns[name]);
      this.columns[name] = wider;
    }
  }
}
