/** Reads ids as places in the request's buffer: a text for each would take longer than all the rest of a span. */
import type { Cursor } from "./cursor.ts";

export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;

/** Where the id at the cursor is; -1 when it has another length or is all zeros. */
export function readId(cursor: Cursor, length: number): number {
  const found = cursor.skipBytes();
  const at = cursor.pos - found;
  return found === length && !isZero(cursor.bytes, at, cursor.pos) ? at : -1;
}

/**
 * Where the parent's id at the cursor is; 0 when it is empty or all zeros: no parent; -1 when it has another length.
 */
export function readParent(cursor: Cursor): number {
  const found = cursor.skipBytes();
  const at = cursor.pos - found;
  if (found === 0) return 0;
  if (found !== SPAN_ID_BYTES) return -1;
  return isZero(cursor.bytes, at, cursor.pos) ? 0 : at;
}

function isZero(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}

/**
 * True when `length` bytes of `a` and `b` are the same. For short ones: a call of Buffer's compare takes longer than
 * the loop.
 */
export function isSame(a: Buffer, aStart: number, b: Buffer, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}
