/**
 * Which traces a part may hold: a Bloom filter over the hashes of their ids. A trace that arrives is nearly always new,
 * and this says so without a look at each part's index.
 */

/** With four places an id that is not there is taken for one that is once in 150 times; asking the index costs 5 µs. */
const BITS_AN_ID = 11;
const PLACES = 4;
const TWO_32 = 4_294_967_296;

export class Bloom {
  readonly bytes: Uint8Array;
  readonly #bits: number;

  /** `ids`: how many it is for; or the bytes of a filter that was saved. */
  constructor(ids: number | Uint8Array) {
    this.bytes = typeof ids === "number" ? new Uint8Array(Math.ceil((ids * BITS_AN_ID) / 8)) : ids;
    this.#bits = this.bytes.length * 8;
  }

  /** `hash`: 53 bits. */
  add(hash: number): void {
    for (let i = 0; i < PLACES; i++) {
      const bit = this.#place(hash, i);
      this.bytes[bit >>> 3] = (this.bytes[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }

  /** False for one that was never added. */
  mayHave(hash: number): boolean {
    for (let i = 0; i < PLACES; i++) {
      const bit = this.#place(hash, i);
      if (((this.bytes[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  #place(hash: number, i: number): number {
    const low = hash % TWO_32;
    const high = Math.floor(hash / TWO_32) * 2 + 1;
    return (low + i * high * 1024 + i) % this.#bits;
  }
}
