/** Finds traces: by id, by what is entered in the index, or all of them, the last that arrived first. */
import type { Hasher } from "../../otlp/hasher.ts";
import { BUCKET, LINK_SALT, PIECE, traceKey } from "../layout.ts";
import type { TraceRow } from "../row-types.ts";
import type { Database, Statement } from "../sqlite.ts";
import type { ReadPart, ReadParts } from "./parts.ts";

/** Which traces: all, those with an entry under a hash, or those whose bucket has one. */
export type Which =
  | { readonly by: "nothing" }
  | { readonly by: "trace"; readonly hash: number }
  | { readonly by: "bucket"; readonly hash: number };

export class Traces {
  readonly #parts: ReadParts;
  readonly #hasher: Hasher;
  readonly #rows: Statement;
  readonly #row: Statement;
  readonly #entries: Statement;
  readonly #everywhere: Statement;
  readonly #hasEntry: Statement;

  constructor(database: Database, parts: ReadParts, hasher: Hasher) {
    this.#parts = parts;
    this.#hasher = hasher;
    const prepare = (sql: string): Statement => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#rows = prepare("SELECT * FROM trace WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?");
    this.#row = prepare("SELECT * FROM trace WHERE key = ?");
    this.#entries = prepare(
      "SELECT place FROM entry WHERE part = ? AND hash = ? AND place < ? ORDER BY place DESC LIMIT ?",
    );
    this.#everywhere = prepare(
      "SELECT part.id, place FROM part CROSS JOIN entry ON part = part.id AND hash = ? ORDER BY part.id, place",
    );
    this.#hasEntry = prepare("SELECT 1 FROM entry WHERE part = ? AND hash = ? AND place = ?");
  }

  /** Rows of the trace with this id (16 bytes), the first that came first; none when it is not stored. */
  byId(id: Buffer): TraceRow[] {
    const hash = this.#hasher.traceId(id, 0);
    const places = this.#everywhere.all(hash) as unknown as [part: number, place: number][];
    const rows = places.flatMap(([part, place]) => {
      const row = this.#row.get(traceKey(part, place)) as unknown as TraceRow | undefined;
      return row && id.equals(row[2]) && this.#isSeen(part) ? [row] : [];
    });
    return rows.sort((a, b) => a[1] - b[1]);
  }

  /** The hash of those that link to the trace with this id. */
  linkHash(id: Buffer): number {
    return this.#hasher.traceId(id, 0, LINK_SALT);
  }

  /**
   * A page of traces that arrived before `before`, the last first; each once, at the first of its rows that is meant.
   */
  page(which: Which, before: number, limit: number): TraceRow[] {
    const rows: TraceRow[] = [];
    for (const part of this.#parts.newest) {
      if (part.firstSeq >= before) continue;
      rows.push(...this.#inPart(part, which, before, limit - rows.length));
      if (rows.length >= limit) return rows;
    }
    const older = this.#parts.oldest
      .filter(({ firstSeq }) => firstSeq < before)
      .flatMap((part) => this.#inPart(part, which, before, limit - rows.length));
    return [...rows, ...older.sort((a, b) => b[1] - a[1])].slice(0, limit);
  }

  #inPart(part: ReadPart, which: Which, before: number, limit: number): TraceRow[] {
    const found: TraceRow[] = [];
    let end = this.#parts.placeOf(part, before);
    while (found.length < limit && end > 0) {
      const [rows, next] = this.#someInPart(part, which, end, limit - found.length);
      for (const row of rows) if (!this.#isFurther(row, which)) found.push(row);
      end = next;
    }
    return found;
  }

  /** Some rows with a place below `end`, and the place to go on below; 0 at the end. */
  #someInPart(part: ReadPart, which: Which, end: number, limit: number): [TraceRow[], number] {
    if (which.by === "nothing") {
      const rows = this.#between(part, 0, end, limit);
      return [rows, rows.length < limit ? 0 : placeIn(part, rows.at(-1))];
    }
    const isTrace = which.by === "trace";
    const below = isTrace ? end : Math.ceil(end / BUCKET);
    const asked = isTrace ? limit : 1;
    const entries = this.#entries.all(part.id, which.hash, below, asked) as unknown as [place: number][];
    const last = entries.at(-1)?.[0];
    if (last === undefined) return [[], 0];
    if (!isTrace)
      return [this.#between(part, last * BUCKET, Math.min(end, (last + 1) * BUCKET), BUCKET), last * BUCKET];
    const rows = entries.flatMap(([place]) => this.#between(part, place, place + 1, 1));
    return [rows, entries.length < asked ? 0 : last];
  }

  #between({ id }: ReadPart, from: number, to: number, limit: number): TraceRow[] {
    return this.#rows.all(traceKey(id, from), traceKey(id, to), limit) as unknown as TraceRow[];
  }

  /** True when an earlier row of the trace is meant as well: there it is listed. */
  #isFurther(row: TraceRow, which: Which): boolean {
    if ((row[5] & PIECE.hasEarlier) === 0) return false;
    return this.byId(Buffer.from(row[2])).some((earlier) => {
      if (earlier[1] >= row[1]) return false;
      if (which.by === "nothing") return true;
      const [of, place] = [Math.floor(earlier[0] / traceKey(1, 0)), earlier[0] % traceKey(1, 0)];
      const at = which.by === "trace" ? place : Math.floor(place / BUCKET);
      return this.#hasEntry.get(of, which.hash, at) !== undefined;
    });
  }

  #isSeen(part: number): boolean {
    const isIt = ({ id }: ReadPart): boolean => id === part;
    return this.#parts.newest.some(isIt) || this.#parts.oldest.some(isIt);
  }
}

const placeIn = ({ id }: ReadPart, row: TraceRow | undefined): number => (row ? row[0] - traceKey(id, 0) : 0);
