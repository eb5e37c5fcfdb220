/** Deletes the rows of a part, some at a time: each table's are a range of it. */
import { PLACES_A_PART, SEGMENTS_A_TRACE, TRACES_A_PART, traceKey } from "../../layout.ts";
import type { Database, Statement } from "../../sqlite.ts";
import type { Writing } from "../writing.ts";

/** Rows that are deleted in one go, some 2 ms; a block's take as long as many others. */
const ROWS = 4_000;
const BLOCKS = 256;

const TABLES: readonly (readonly [table: string, column: string, each: number, rows: number])[] = [
  ["block", "key", PLACES_A_PART, BLOCKS],
  ["tail", "block", PLACES_A_PART, BLOCKS],
  ["segment", "key", TRACES_A_PART * SEGMENTS_A_TRACE, ROWS],
  ["log", "key", PLACES_A_PART, ROWS],
];
/** Few rows each. */
const WORDS = ["origin", "operation", "root"];

export class Deletion {
  readonly #writing: Writing;
  /** Each deletes some rows of the part with this number. False when there were none. */
  readonly #steps: readonly ((part: number) => boolean)[];

  constructor(database: Database, writing: Writing) {
    this.#writing = writing;
    const prepare = (sql: string): Statement => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    const ranges = TABLES.map(([table, column, each, rows]) => {
      const within = `${column} >= ? AND ${column} < ?`;
      const last = prepare(
        `SELECT ${column} FROM ${table} WHERE ${within} ORDER BY ${column} LIMIT 1 OFFSET ${rows}`,
      );
      const drop = prepare(`DELETE FROM ${table} WHERE ${within}`);
      return (part: number): boolean => {
        const [from, to] = [part * each, (part + 1) * each];
        const [end] = (last.get(from, to) as unknown as [number] | undefined) ?? [to];
        // The key of a table may be that of several rows.
        return drop.run(from, end === from ? to : end).changes > 0;
      };
    });
    const lastEntry = prepare(`SELECT hash FROM entry WHERE part = ? ORDER BY hash LIMIT 1 OFFSET ${ROWS}`);
    const dropEntries = prepare("DELETE FROM entry WHERE part = ? AND hash <= ?");
    const entries = (part: number): boolean => {
      const [hash] = (lastEntry.get(part) as unknown as [number] | undefined) ?? [Number.MAX_SAFE_INTEGER];
      return dropEntries.run(part, hash).changes > 0;
    };
    const words = WORDS.map((table) => {
      const drop = prepare(`DELETE FROM ${table} WHERE part = ?`);
      return (part: number): boolean => drop.run(part).changes > 0;
    });
    this.#steps = [...ranges, entries, (part) => this.#traces(part), ...words];
  }

  /** Deletes some rows of the part. False when there were none left. */
  some(part: number): boolean {
    return this.#steps.some((step) => step(part));
  }

  /** The ids of the traces are noted, so that what comes too late for them is known. */
  #traces(part: number): boolean {
    const { sql, hasher, evicted } = this.#writing;
    const [from, to] = [traceKey(part, 0), traceKey(part + 1, 0)];
    const rows = sql.traceIds.all(from, to, ROWS) as unknown as [key: number, id: Uint8Array][];
    for (const [, id] of rows) evicted.add(hasher.traceId(id, 0));
    const [last] = rows.at(-1) ?? [];
    if (last === undefined) return false;
    sql.dropTraces.run(from, last + 1);
    return true;
  }
}
