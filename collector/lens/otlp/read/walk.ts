/**
 * Checks attributes and values without decoding them. What is broken refuses the whole request; what is only too
 * much for those who read it later leaves out the span, record or point that it is part of.
 */
import type { Cursor } from "../cursor.ts";
import { MAX_DEPTH } from "../cursor.ts";
import type { IndexKeys } from "./index-keys.ts";
import type { Numbers } from "./numbers.ts";

/**
 * Values, attributes, events and links of one item. Each takes two bytes at least, and a hundred when it is decoded.
 */
export const MOST_VALUES = 65_536;

/** What is known of an item while it is walked through. */
export class Walk {
  /** Values so far. */
  values = 0;
  /** Its values are nested too deeply, or too many: it is to be left out, and is not looked at any further. */
  isTooMuch = false;

  begin(): void {
    this.values = 0;
    this.isTooMuch = false;
  }

  /** Counts one more value, attribute, event or link, `depth` values deep. True when it is too much. */
  another(depth: number): boolean {
    if (depth > MAX_DEPTH || ++this.values > MOST_VALUES) this.isTooMuch = true;
    return this.isTooMuch;
  }
}

/**
 * Checks the KeyValue at the cursor. With `keys` and `entries`, an attribute that is indexed adds the halves of its
 * entry's hash to `entries`. `depth`: how many values it is nested in. Throws an OtlpError `malformed`.
 */
export function walkKeyValue(
  cursor: Cursor,
  walk: Walk,
  depth: number,
  keys?: IndexKeys,
  entries?: Numbers,
): void {
  const outer = cursor.enter();
  if (walk.another(depth)) {
    cursor.leave(outer);
    return;
  }
  let nameStart = 0;
  let nameEnd = -1;
  let valueAt = -1;
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) {
      const length = cursor.skipBytes();
      nameEnd = cursor.pos;
      nameStart = nameEnd - length;
    } else if (tag === 0x12) {
      valueAt = cursor.pos;
      walkAnyValue(cursor, walk, depth);
    } else cursor.skip(tag);
  }
  if (keys && entries && valueAt >= 0 && !walk.isTooMuch) {
    const key = keys.find(cursor.bytes, nameStart, nameEnd);
    if (key) {
      cursor.pos = valueAt;
      keys.add(cursor, key, entries);
    }
  }
  cursor.leave(outer);
}

/** Checks the AnyValue at the cursor, `depth` values deep. Throws an OtlpError `malformed`. */
export function walkAnyValue(cursor: Cursor, walk: Walk, depth: number): void {
  const outer = cursor.enter();
  if (walk.another(depth)) {
    cursor.leave(outer);
    return;
  }
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
      else if (tag === 0x2a) walkAnyValue(cursor, walk, depth + 1);
      else walkKeyValue(cursor, walk, depth + 1);
    }
    cursor.leave(end);
  }
  cursor.leave(outer);
}

/** Checks the message at the cursor, whose only nested fields are attributes under `attributesTag`; -1: none. */
export function walkMessage(cursor: Cursor, walk: Walk, attributesTag: number): void {
  const outer = cursor.enter();
  if (walk.another(0)) {
    cursor.leave(outer);
    return;
  }
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === attributesTag) walkKeyValue(cursor, walk, 0);
    else cursor.skip(tag);
  }
  cursor.leave(outer);
}
