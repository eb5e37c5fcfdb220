/**
 * Words that come again and again, names of attributes above all, as strings that are made once: to compare a few bytes
 * is cheaper than to decode them, and objects find a key that they have met faster than a new string of the same
 * letters.
 */

/** A power of two. A collision costs time and nothing else. */
const SLOTS = 1024;
/** Longer texts are seldom words. */
const MOST_BYTES = 64;

interface Word {
  readonly bytes: Buffer;
  readonly text: string;
}

const words: (Word | undefined)[] = new Array(SLOTS).fill(undefined);

/** The UTF-8 text that stands in `bytes` from `start` up to, but not including, `end`. */
export function wordAt(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > MOST_BYTES) return bytes.toString("utf8", start, end);
  let hash = length;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  const known = words[slot];
  if (known && isSame(known.bytes, bytes, start, length)) return known.text;
  const text = bytes.toString("utf8", start, end);
  // A copy: the bytes around it may be a whole request.
  words[slot] = { bytes: Buffer.from(bytes.subarray(start, end)), text };
  return text;
}

function isSame(known: Buffer, bytes: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let at = 0; at < length; at++) if (known[at] !== bytes[start + at]) return false;
  return true;
}
