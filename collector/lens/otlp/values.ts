/**
 * Attributes and the values in them, decoded. The depth was bounded when they were read in (attributes.ts).
 */
import type { AttributeValue } from "../journey/model.ts";
import type { Cursor } from "./cursor.ts";

export type MutableAttributes = { [key: string]: AttributeValue };

/** Reads the KeyValue at the cursor into `into`. */
export function readAttribute(cursor: Cursor, into: MutableAttributes): void {
  const outer = cursor.enter();
  let key = "";
  let value: AttributeValue = null;
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) key = cursor.word();
    else if (tag === 0x12) value = readAnyValue(cursor);
    else cursor.skip(tag);
  }
  cursor.leave(outer);
  // An attribute may be called __proto__; an assignment would then change the object itself.
  if (key === "__proto__") Object.defineProperty(into, key, { value, enumerable: true, configurable: true });
  else into[key] = value;
}

/**
 * Reads the AnyValue at the cursor; integers beyond 2^53 become decimal strings, NaN and Infinity their names, bytes
 * base64.
 */
export function readAnyValue(cursor: Cursor): AttributeValue {
  const outer = cursor.enter();
  let value: AttributeValue = null;
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) value = cursor.string();
    else if (tag === 0x10) value = cursor.uint() !== 0;
    else if (tag === 0x18) value = readInteger(cursor);
    else if (tag === 0x21) value = readDouble(cursor);
    else if (tag === 0x2a) value = readArray(cursor);
    else if (tag === 0x32) value = readMap(cursor);
    else if (tag === 0x3a) value = cursor.view().toString("base64");
    else cursor.skip(tag);
  }
  cursor.leave(outer);
  return value;
}

/** JSON has no number for what is none, or without end: it would become null. */
function readDouble(cursor: Cursor): number | string {
  const number = cursor.double();
  return Number.isFinite(number) ? number : String(number);
}

function readInteger(cursor: Cursor): number | string {
  const exact = cursor.int64();
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact.toString();
}

function readArray(cursor: Cursor): AttributeValue[] {
  const outer = cursor.enter();
  const values: AttributeValue[] = [];
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) values.push(readAnyValue(cursor));
    else cursor.skip(tag);
  }
  cursor.leave(outer);
  return values;
}

function readMap(cursor: Cursor): MutableAttributes {
  const outer = cursor.enter();
  const map: MutableAttributes = {};
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) readAttribute(cursor, map);
    else cursor.skip(tag);
  }
  cursor.leave(outer);
  return map;
}
