/**
 * Hashes of bytes and of ids, 64 bits in two halves. Seeded anew in every process, so that no sender can prepare keys
 * that all meet. Two keys of the index count as the same when their hashes are: among a million keys the chance that
 * any two meet is one in 37 million, and whoever looks something up checks what was found.
 */
import { randomBytes } from "node:crypto";

const SEED_HIGH = randomBytes(4).readInt32LE();
const SEED_LOW = randomBytes(4).readInt32LE();

/** The halves of the last hash, unsigned. Two numbers in one object cost no allocation for each hash. */
export const hashed = { high: 0, low: 0 };

/** Hashes `bytes` from `start` up to, but not including, `end`, into `hashed`. `salt` keeps kinds of keys apart. */
export function hashBytes(bytes: Uint8Array, start: number, end: number, salt: number): void {
  let high = SEED_HIGH ^ salt;
  let low = SEED_LOW ^ (end - start);
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    high = Math.imul(high ^ byte, 0x85ebca6b);
    low = Math.imul(low ^ byte, 0xc2b2ae35);
    high ^= low >>> 15;
  }
  hashed.high = mix(high ^ (low >>> 7));
  hashed.low = mix(low ^ high);
}

/** 32 unsigned bits out of an id's words, for tables that compare the id itself. */
export const hashWords = (a: number, b: number): number =>
  mix(Math.imul(a ^ SEED_LOW, 0x9e3779b1) ^ b ^ SEED_HIGH);

/** A salt of its own for the name of each key. */
export function saltOf(name: string): number {
  const bytes = Buffer.from(name);
  hashBytes(bytes, 0, bytes.length, 0);
  return hashed.low;
}

function mix(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x7feb352d);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
