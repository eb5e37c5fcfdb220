/**
 * A hash table from 32-bit hashes to row numbers, outside the JavaScript heap. A Map of a million strings takes 100
 * bytes an entry and stops everything for 50 ms when it grows; here an entry takes 8 bytes in a table that is at most
 * three quarters full, and the table is cut into shards that grow one at a time.
 */

const SHARDS = 256;
const FIRST_CAPACITY = 16;
/** What an entry takes, at the average filling; in bytes. */
export const ENTRY_BYTES = 16;

export class Table {
  /** Pairs of hash and row + 1; a free place has row 0. */
  readonly #shards: Uint32Array[] = [];
  readonly #counts = new Uint32Array(SHARDS);
  #size = 0;

  /** The row under `hash` for which `isIt` holds; -1 without one. */
  find(hash: number, isIt: (row: number) => boolean): number {
    const shard = this.#shards[hash & (SHARDS - 1)];
    if (!shard) return -1;
    const mask = shard.length / 2 - 1;
    for (let place = (hash >>> 8) & mask; ; place = (place + 1) & mask) {
      const row = shard[place * 2 + 1] ?? 0;
      if (row === 0) return -1;
      if (shard[place * 2] === hash && isIt(row - 1)) return row - 1;
    }
  }

  /** Enters a row that is not there. */
  add(hash: number, row: number): void {
    const number = hash & (SHARDS - 1);
    let shard = this.#shards[number];
    const count = (this.#counts[number] ?? 0) + 1;
    if (!shard || count * 4 > (shard.length / 2) * 3) {
      shard = widened(shard);
      this.#shards[number] = shard;
    }
    this.#counts[number] = count;
    this.#size++;
    insert(shard, hash, row + 1);
  }

  /** Puts `by` in the place of `row`, which is there. */
  replace(hash: number, row: number, by: number): void {
    const shard = this.#shards[hash & (SHARDS - 1)];
    const place = shard ? placeOf(shard, hash, row) : -1;
    if (shard && place >= 0) shard[place * 2 + 1] = by + 1;
  }

  /** Takes out a row that is there. What stood behind it moves up, so that no grave is left. */
  remove(hash: number, row: number): void {
    const number = hash & (SHARDS - 1);
    const shard = this.#shards[number];
    let hole = shard ? placeOf(shard, hash, row) : -1;
    if (!shard || hole < 0) return;
    this.#counts[number] = (this.#counts[number] ?? 1) - 1;
    this.#size--;
    const mask = shard.length / 2 - 1;
    for (let place = (hole + 1) & mask; shard[place * 2 + 1] !== 0; place = (place + 1) & mask) {
      const home = ((shard[place * 2] ?? 0) >>> 8) & mask;
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      shard.copyWithin(hole * 2, place * 2, place * 2 + 2);
      hole = place;
    }
    shard[hole * 2 + 1] = 0;
  }

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }
}

function placeOf(shard: Uint32Array, hash: number, row: number): number {
  const mask = shard.length / 2 - 1;
  for (let place = (hash >>> 8) & mask; shard[place * 2 + 1] !== 0; place = (place + 1) & mask) {
    if (shard[place * 2] === hash && shard[place * 2 + 1] === row + 1) return place;
  }
  return -1;
}

function insert(shard: Uint32Array, hash: number, stored: number): void {
  const mask = shard.length / 2 - 1;
  let place = (hash >>> 8) & mask;
  while (shard[place * 2 + 1] !== 0) place = (place + 1) & mask;
  shard[place * 2] = hash;
  shard[place * 2 + 1] = stored;
}

function widened(shard: Uint32Array | undefined): Uint32Array {
  const wider = new Uint32Array(shard ? shard.length * 2 : FIRST_CAPACITY * 2);
  for (let i = 0; shard && i < shard.length; i += 2) {
    if (shard[i + 1] !== 0) insert(wider, shard[i] ?? 0, shard[i + 1] ?? 0);
  }
  return wider;
}
