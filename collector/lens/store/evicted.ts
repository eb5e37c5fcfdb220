/**
 * Which traces went lately, so that a span that comes too late for its journey can be counted. A table of fixed size in
 * which a newer trace takes an older one's place: it may forget, and never takes another trace for one that went.
 */
const PLACES = 65_536;

export class Evicted {
  /** Made with the first eviction: most stores never get that far. */
  #halves = new Int32Array(0);

  /** `id`: the 16 bytes of a trace id. */
  add(id: Buffer): void {
    if (this.#halves.length === 0) this.#halves = new Int32Array(PLACES * 2);
    const place = this.#place(id, 0);
    this.#halves[place] = id.readInt32BE(8);
    this.#halves[place + 1] = id.readInt32BE(12);
  }

  /** Whether the trace whose id stands at `at` went and has not been heard of since. */
  has(bytes: Buffer, at: number): boolean {
    const place = this.#place(bytes, at);
    return (
      this.#halves[place] === bytes.readInt32BE(at + 8) &&
      this.#halves[place + 1] === bytes.readInt32BE(at + 12)
    );
  }

  #place(bytes: Buffer, at: number): number {
    const mixed =
      bytes.readInt32BE(at) ^
      bytes.readInt32BE(at + 4) ^
      bytes.readInt32BE(at + 8) ^
      bytes.readInt32BE(at + 12);
    return ((mixed ^ (mixed >>> 16)) & (PLACES - 1)) * 2;
  }
}
