/**
 * Keyed hashes of ids and texts, for tables in memory and for the store's index. The key is the store's own secret: it
 * must outlive the process, because the index does, and a sender who does not know it cannot make ids that all meet.
 *
 * Ids are hashed by a strongly universal function (multilinear, 16 bits at a time): for two ids that were chosen
 * without the key, the chance of meeting is that of the number of bits, whatever the ids look like. Texts take a faster
 * function without such a proof: where texts are looked up in memory, a collision only costs a second entry.
 *
 * Source: Lemire and Kaser, "Strongly universal string hashing is fast" (2014).
 */
import { createHash } from "node:crypto";

export const SEED_BYTES = 32;
const ID_HALVES = 8;
/** Four lanes of 16 bits make 64. */
const LANES = 4;
/** Factors of an id's halves and of its salt, and what each lane begins with. */
const LANE_WORDS = ID_HALVES + 2;
const TWO_32 = 4_294_967_296;

/** What `seed` gives in numbers, as many as are asked for. */
function numbersFrom(seed: Uint8Array, count: number): Int32Array {
  const numbers = new Int32Array(count);
  for (let i = 0; i < count; i += 16) {
    const block = createHash("sha512").update(seed).update(String(i)).digest();
    for (let word = 0; word < 16 && i + word < count; word++) numbers[i + word] = block.readInt32LE(word * 4);
  }
  return numbers;
}

export class Hasher {
  /** The halves of the last hash, unsigned. Two numbers in one object cost no allocation for each hash. */
  high = 0;
  low = 0;
  readonly #factors: Int32Array;
  readonly #highSeed: number;
  readonly #lowSeed: number;

  /** `seed`: SEED_BYTES that no sender knows. */
  constructor(seed: Uint8Array) {
    const numbers = numbersFrom(seed, LANES * LANE_WORDS + 2);
    this.#factors = numbers.subarray(2);
    this.#highSeed = numbers[0] ?? 0;
    this.#lowSeed = numbers[1] ?? 0;
  }

  /** The last hash as a whole number of 53 bits. */
  get number(): number {
    return (this.high & 0x1fffff) * TWO_32 + this.low;
  }

  /** Hashes the 16 bytes of a trace id at `at`. `salt`: keeps kinds of keys apart. Returns 53 bits. */
  traceId(bytes: Uint8Array, at: number, salt = 0): number {
    const factors = this.#factors;
    let a = (factors[0] as number) + Math.imul(factors[1] as number, salt);
    let b = (factors[10] as number) + Math.imul(factors[11] as number, salt);
    let c = (factors[20] as number) + Math.imul(factors[21] as number, salt);
    let d = (factors[30] as number) + Math.imul(factors[31] as number, salt);
    for (let i = 0; i < ID_HALVES; i++) {
      const half = ((bytes[at + i * 2] as number) << 8) | (bytes[at + i * 2 + 1] as number);
      a = (a + Math.imul(factors[2 + i] as number, half)) | 0;
      b = (b + Math.imul(factors[12 + i] as number, half)) | 0;
      c = (c + Math.imul(factors[22 + i] as number, half)) | 0;
      d = (d + Math.imul(factors[32 + i] as number, half)) | 0;
    }
    this.high = ((a & 0xffff0000) | (b >>> 16)) >>> 0;
    this.low = ((c & 0xffff0000) | (d >>> 16)) >>> 0;
    return this.number;
  }

  /** 32 unsigned bits of a span id, given as two halves: for tables that compare the id itself. */
  spanId(high: number, low: number): number {
    const factors = this.#factors;
    let a = factors[0] as number;
    let b = factors[10] as number;
    a = (a + Math.imul(factors[2] as number, high >>> 16)) | 0;
    b = (b + Math.imul(factors[12] as number, high >>> 16)) | 0;
    a = (a + Math.imul(factors[3] as number, high & 0xffff)) | 0;
    b = (b + Math.imul(factors[13] as number, high & 0xffff)) | 0;
    a = (a + Math.imul(factors[4] as number, low >>> 16)) | 0;
    b = (b + Math.imul(factors[14] as number, low >>> 16)) | 0;
    a = (a + Math.imul(factors[5] as number, low & 0xffff)) | 0;
    b = (b + Math.imul(factors[15] as number, low & 0xffff)) | 0;
    // Ids in a row make sums in a row: a table looks at some of the bits only.
    return mix((a & 0xffff0000) | (b >>> 16));
  }

  /** Hashes a text that stands in `bytes` from `start` up to, but not including, `end`. Returns 53 bits. */
  text(bytes: Uint8Array, start: number, end: number, salt: number): number {
    let high = this.#highSeed ^ salt;
    let low = this.#lowSeed ^ (end - start);
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      high = Math.imul(high ^ byte, 0x85ebca6b);
      low = Math.imul(low ^ byte, 0xc2b2ae35);
      high ^= low >>> 15;
    }
    this.high = mix(high ^ (low >>> 7));
    this.low = mix(low ^ high);
    return this.number;
  }

  /** One hash out of two others of 53 bits. Returns 53 bits. */
  both(one: number, other: number): number {
    const high = Math.imul(one % TWO_32, 0x85ebca6b) ^ Math.imul((other / TWO_32) | 0, 0x9e3779b1);
    const low = Math.imul(other % TWO_32, 0xc2b2ae35) ^ Math.imul((one / TWO_32) | 0, 0x27d4eb2f);
    this.high = mix(high ^ (low >>> 7) ^ this.#highSeed);
    this.low = mix(low ^ Math.imul(high, 0x165667b1));
    return this.number;
  }
}

function mix(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x7feb352d);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
