/**
 * Checks attributes without decoding them, and picks out the values of those that can be looked up.
 */
import { Cursor, MAX_DEPTH } from "./cursor.ts";
import { malformed } from "./error.ts";

/** An attribute whose values can be looked up: the key's name, and its bytes for the comparison. */
export interface IndexedKey {
  readonly name: string;
  readonly bytes: Buffer;
}

export const indexedKeys = (names: Iterable<string>): readonly IndexedKey[] =>
  [...new Set(names)].map((name) => ({ name, bytes: Buffer.from(name) }));

/** How the value of an indexed attribute is written in the index. A NUL cannot be confused with a key's own text. */
export const indexEntry = (name: string, value: string): string => `${name}\0${value}`;

/** Longer values are stored but not indexed, so that nobody can fill the index with text. In bytes. */
export const MAX_INDEXED_VALUE = 256;

/**
 * Checks the KeyValue at the cursor. With `keys` and `entries`, an attribute that is one of the keys adds its entry
 * to `entries`. `depth`: how many values it is nested in. Throws an OtlpError `malformed`.
 */
export function walkKeyValue(
  cursor: Cursor,
  depth: number,
  keys?: readonly IndexedKey[],
  entries?: string[],
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
  if (key && valueAt >= 0) {
    const value = scalarText(cursor, valueAt);
    if (value !== null) entries?.push(indexEntry(key.name, value));
  }
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
    if (key.bytes.length === end - start && key.bytes.compare(bytes, start, end) === 0) return key;
  }
  return undefined;
}

/** The text of the string, integer or boolean AnyValue that begins at `at`; null for anything else or too long. */
function scalarText(outer: Cursor, at: number): string | null {
  const cursor = new Cursor(outer.bytes, at, outer.limit);
  cursor.enter();
  if (!cursor.more()) return null;
  switch (cursor.tag()) {
    case 0x0a: {
      const text = cursor.view();
      return text.length > 0 && text.length <= MAX_INDEXED_VALUE ? text.toString("utf8") : null;
    }
    case 0x10:
      return String(cursor.uint() !== 0);
    case 0x18:
      return cursor.int64().toString();
    default:
      return null;
  }
}
