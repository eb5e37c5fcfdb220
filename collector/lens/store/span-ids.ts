/**
 * The span ids of one long trace, to recognise a span that an exporter sends twice. A JavaScript Set of strings takes
 * about 100 bytes an id; this open-addressing table takes 11 to 23.
 */
import { hashWords } from "../otlp/hash.ts";

const FIRST_CAPACITY = 8;

export class SpanIds {
  /** Pairs of halves; 0, 0 is a free place, since OTLP forbids the id of zeros. */
  #slots = new Int32Array(FIRST_CAPACITY * 2);
  #count = 0;

  /** What the table itself takes, in bytes. */
  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** Takes up an id that is not all zeros, as two signed 32-bit halves. False when it was there already. */
  add(high: number, low: number): boolean {
    if (!insert(this.#slots, high, low)) return false;
    this.#count++;
    if (this.#count * 4 > (this.#slots.length / 2) * 3) this.#grow();
    return true;
  }

  /** True for an id that was taken up. */
  has(high: number, low: number): boolean {
    const mask = this.#slots.length / 2 - 1;
    for (let place = hashWords(high, low) & mask; ; place = (place + 1) & mask) {
      const [knownHigh, knownLow] = [this.#slots[place * 2], this.#slots[place * 2 + 1]];
      if (knownHigh === high && knownLow === low) return true;
      if (knownHigh === 0 && knownLow === 0) return false;
    }
  }

  #grow(): void {
    const wider = new Int32Array(this.#slots.length * 2);
    for (let i = 0; i < this.#slots.length; i += 2) {
      const high = this.#slots[i] ?? 0;
      const low = this.#slots[i + 1] ?? 0;
      if (high !== 0 || low !== 0) insert(wider, high, low);
    }
    this.#slots = wider;
  }
}

function insert(slots: Int32Array, high: number, low: number): boolean {
  const mask = slots.length / 2 - 1;
  for (let place = hashWords(high, low) & mask; ; place = (place + 1) & mask) {
    const i = place * 2;
    if (slots[i] === high && slots[i + 1] === low) return false;
    if (slots[i] === 0 && slots[i + 1] === 0) {
      slots[i] = high;
      slots[i + 1] = low;
      return true;
    }
  }
}
