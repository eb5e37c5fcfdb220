/**
 * Checks attributes without decoding them, and picks out the values of those that can be looked up.
 */
import { Cursor, MAX_DEPTH } from "./cursor.ts";
import { malformed } from "./error.ts";
import { hashBytes, hashed, saltOf } from "./hash.ts";
import { isSame } from "./ids.ts";

/**
 * An attribute whose values can be looked up: its name's bytes for the comparison, and what keeps its values apart from
 * others'.
 */
export interface IndexedKey {
  readonly bytes: Buffer;
  readonly salt: number;
}

export const indexedKeys = (names: Iterable<string>): readonly IndexedKey[] =>
  [...new Set(names)].map((name) => ({ bytes: Buffer.from(name), salt: saltOf(name) }));

/** Hashes the value of an indexed attribute, as it is looked up, into `hashed`. */
export function hashEntry(name: string, value: string): void {
  const bytes = Buffer.from(value);
  hashBytes(bytes, 0, bytes.length, saltOf(name));
}

/** Longer values are stored but not indexed, so that nobody can fill the index with text. In bytes. */
const MAX_INDEXED_VALUE = 256;

/**
 * Checks the KeyValue at the cursor. With `keys` and `entries`, an attribute that is one of the keys adds the two
 * halves of its entry's hash to `entries`. `depth`: how many values it is nested in. Throws an OtlpError `malformed`.
 */
export function walkKeyValue(
  cursor: Cursor,
  depth: number,
  keys?: readonly IndexedKey[],
  entries?: number[],
): void {
  const outer = cursor.enter();
  let key: IndexedKey | undefined;
  let valueAt = -1;
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) {
      const length = cursor.skipBytes();
      key = keys && findKey(keys, cursor.bytes, cursor.pos - length, cursor.pos);
    } else if (tag === 0x12) {
      valueAt = cursor.pos;
      walkAnyValue(cursor, depth);
    } else cursor.skip(tag);
  }
  if (key && entries && valueAt >= 0) addEntry(cursor, valueAt, key.salt, entries);
  cursor.leave(outer);
}

/** Checks the AnyValue at the cursor, `depth` values deep. Throws an OtlpError `malformed`. */
export function walkAnyValue(cursor: Cursor, depth: number): void {
  if (depth > MAX_DEPTH) throw malformed("values are nested too deeply");
  const outer = cursor.enter();
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag !== 0x2a && tag !== 0x32) {
      cursor.skip(tag);
      continue;
    }
    const end = cursor.enter();
    while (cursor.more()) {
      const child = cursor.tag();
      if (child !== 0x0a) cursor.skip(child);
      else if (tag === 0x2a) walkAnyValue(cursor, depth + 1);
      else walkKeyValue(cursor, depth + 1);
    }
    cursor.leave(end);
  }
  cursor.leave(outer);
}

function findKey(
  keys: readonly IndexedKey[],
  bytes: Buffer,
  start: number,
  end: number,
): IndexedKey | undefined {
  for (const key of keys) {
    const length = end - start;
    // The last bytes differ most: `order.id` and `order.at` are told apart without a comparison of the whole.
    if (key.bytes.length !== length || key.bytes[length - 1] !== bytes[end - 1]) continue;
    if (isSame(key.bytes, 0, bytes, start, length)) return key;
  }
  return undefined;
}

/** Adds the string, integer or boolean AnyValue that begins at `at`; nothing for any other or one that is too long. */
function addEntry(outer: Cursor, at: number, salt: number, entries: number[]): void {
  const cursor = new Cursor(outer.bytes, at, outer.limit);
  cursor.enter();
  if (!cursor.more()) return;
  const tag = cursor.tag();
  if (tag === 0x0a) {
    const length = cursor.skipBytes();
    if (length === 0 || length > MAX_INDEXED_VALUE) return;
    hashBytes(cursor.bytes, cursor.pos - length, cursor.pos, salt);
  } else if (tag === 0x10 || tag === 0x18) {
    const text = Buffer.from(tag === 0x10 ? String(cursor.uint() !== 0) : cursor.int64().toString());
    hashBytes(text, 0, text.length, salt);
  } else return;
  entries.push(hashed.high, hashed.low);
}
