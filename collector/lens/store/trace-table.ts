/** The traces that the store knows, one row each: found by id, in the order of their arrival. */
import { hashWords } from "../otlp/hash.ts";
import { NONE, Rows } from "./rows.ts";
import { ENTRY_BYTES, Table } from "./table.ts";

const COLUMNS = [
  ...(["id0", "id1", "id2", "id3"] as const),
  /** Neighbours in the order of arrival. */
  ...(["older", "newer"] as const),
  /** The number of its arrival. */
  "number",
  /** First of its postings, and of its parts in blocks. */
  ...(["postings", "part"] as const),
  ...(["spans", "logs"] as const),
  /** Whose journey it is: a service's number; and whether its root span said so (1) or a span that stands in (0). */
  ...(["service", "rooted"] as const),
  /** Row of the only other trace that it links into; `MANY` when there are several. */
  "into",
  /** Seconds of this process at its last arrival. */
  "lastS",
] as const;
export type TraceColumn = (typeof COLUMNS)[number];

/** In the column `into`. */
export const MANY = -2;

export class TraceTable {
  readonly rows = new Rows<TraceColumn>(COLUMNS);
  readonly #byId = new Table();
  #newest = NONE;
  #number = 0;

  /** What all rows and their table take. */
  get bytes(): number {
    return this.rows.size * (this.rows.rowBytes + ENTRY_BYTES);
  }

  /** The row of the trace whose id stands at `at`; -1 for one that is not known. */
  find(bytes: Buffer, at: number): number {
    const [id0, id1] = [bytes.readInt32BE(at), bytes.readInt32BE(at + 4)];
    const [id2, id3] = [bytes.readInt32BE(at + 8), bytes.readInt32BE(at + 12)];
    const { columns } = this.rows;
    return this.#byId.find(
      hashWords(id1 ^ id0, id3 ^ id2),
      (row) =>
        columns.id3[row] === id3 &&
        columns.id2[row] === id2 &&
        columns.id1[row] === id1 &&
        columns.id0[row] === id0,
    );
  }

  /**
   * A row for the trace whose id stands at `at`. With -1, for log records outside any trace: nothing finds it by id.
   */
  add(bytes: Buffer, at: number): number {
    const { rows } = this;
    const row = rows.take();
    rows.set("id0", row, at < 0 ? 0 : bytes.readInt32BE(at));
    rows.set("id1", row, at < 0 ? 0 : bytes.readInt32BE(at + 4));
    rows.set("id2", row, at < 0 ? 0 : bytes.readInt32BE(at + 8));
    rows.set("id3", row, at < 0 ? 0 : bytes.readInt32BE(at + 12));
    rows.set("spans", row, 0);
    rows.set("logs", row, 0);
    this.#number = (this.#number + 1) | 0;
    rows.set("number", row, this.#number);
    rows.set("older", row, this.#newest);
    if (this.#newest !== NONE) rows.set("newer", this.#newest, row);
    this.#newest = row;
    if (at >= 0) this.#byId.add(this.#hash(row), row);
    return row;
  }

  remove(row: number): void {
    const { rows } = this;
    if (this.hasId(row)) this.#byId.remove(this.#hash(row), row);
    const [older, newer] = [rows.get("older", row), rows.get("newer", row)];
    if (older !== NONE) rows.set("newer", older, newer);
    if (newer === NONE) this.#newest = older;
    else rows.set("older", newer, older);
    rows.free(row);
  }

  /** False for log records outside any trace. */
  hasId(row: number): boolean {
    const { id0, id1, id2, id3 } = this.rows.columns;
    return id0[row] !== 0 || id1[row] !== 0 || id2[row] !== 0 || id3[row] !== 0;
  }

  /** The 16 bytes of a trace's id. */
  id(row: number): Buffer {
    const bytes = Buffer.allocUnsafe(16);
    bytes.writeInt32BE(this.rows.get("id0", row), 0);
    bytes.writeInt32BE(this.rows.get("id1", row), 4);
    bytes.writeInt32BE(this.rows.get("id2", row), 8);
    bytes.writeInt32BE(this.rows.get("id3", row), 12);
    return bytes;
  }

  /**
   * Rows in the order of their arrival, the last first; only those before the one with this number when it is given.
   */
  *newestFirst(before?: number): Generator<number> {
    for (let row = this.#newest; row !== NONE; ) {
      // Taken before the row is handed out: by the time that the next is asked for it may be gone.
      const older = this.rows.get("older", row);
      // A difference and not a comparison: after 2^32 traces the numbers begin again.
      if (before === undefined || ((this.rows.get("number", row) - before) | 0) < 0) yield row;
      row = older;
    }
  }

  /** Seeded, and over all words: senders choose ids, and some leave half of them zero. */
  #hash(row: number): number {
    const { rows } = this;
    return hashWords(
      rows.get("id1", row) ^ rows.get("id0", row),
      rows.get("id3", row) ^ rows.get("id2", row),
    );
  }
}
