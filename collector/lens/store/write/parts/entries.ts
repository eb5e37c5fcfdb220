/** Entries of the index on their way to the database: together, and in the order in which they lie there. */
import { ENTRIES_AT_ONCE, type Statements } from "../statements.ts";

interface Entry {
  readonly part: number;
  readonly hash: number;
  readonly place: number;
}

export class Entries {
  readonly #sql: Statements;
  #waiting: Entry[] = [];

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  add(part: number, hash: number, place: number): void {
    this.#waiting.push({ part, hash, place });
  }

  /** Writes all of them. */
  save(): void {
    const entries = this.#waiting;
    this.#waiting = [];
    // Neighbours lie on the same page, which is then found once.
    entries.sort((a, b) => a.part - b.part || a.hash - b.hash);
    const whole = entries.length - (entries.length % ENTRIES_AT_ONCE);
    const values: number[] = new Array(ENTRIES_AT_ONCE * 3).fill(0);
    for (let at = 0; at < whole; at += ENTRIES_AT_ONCE) {
      for (let i = 0; i < ENTRIES_AT_ONCE; i++) {
        const { part, hash, place } = entries[at + i] as Entry;
        values[i * 3] = part;
        values[i * 3 + 1] = hash;
        values[i * 3 + 2] = place;
      }
      this.#sql.someEntries.run(...values);
    }
    for (const { part, hash, place } of entries.slice(whole)) this.#sql.entry.run(part, hash, place);
  }

  forget(): void {
    this.#waiting = [];
  }
}
