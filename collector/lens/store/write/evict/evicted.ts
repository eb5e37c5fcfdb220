/**
 * Which traces went lately, so that a span that comes too late can be counted. A table of fixed size in which a newer
 * trace takes an older one's place: it may forget, and takes another trace for one that went once in 2^53 times.
 */
const PLACES = 65_536;

export class Evicted {
  /** Made with the first eviction: most stores never get that far. */
  #hashes = new Float64Array(0);

  /** `hash`: of a trace id, 53 bits. */
  add(hash: number): void {
    if (this.#hashes.length === 0) this.#hashes = new Float64Array(PLACES);
    this.#hashes[hash % PLACES] = hash;
  }

  has(hash: number): boolean {
    return this.#hashes[hash % PLACES] === hash;
  }
}
