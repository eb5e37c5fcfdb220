/**
 * What can be looked up by an attribute's value: which attributes, and how a value is hashed. Where telemetry is read
 * in and where it is asked for, the same text stands for the same value, whatever its type.
 */
import type { AttributeValue } from "../../journey/model.ts";
import type { Cursor } from "../cursor.ts";
import type { Hasher } from "../hasher.ts";
import { isSame } from "../ids.ts";
import { readAnyValue } from "../values.ts";
import type { Numbers } from "./numbers.ts";

/**
 * An attribute whose values can be looked up: its name's bytes for the comparison, and what keeps its values apart from
 * others'.
 */
interface IndexedKey {
  readonly bytes: Buffer;
  readonly salt: number;
}

/** Of a longer text only so much is hashed, and its length: a look-up compares what it finds. */
const MOST_BYTES = 256;

const saltOf = (hasher: Hasher, name: string): number => {
  const bytes = Buffer.from(name);
  hasher.text(bytes, 0, bytes.length, 0);
  return hasher.low | 0;
};

function hashText(hasher: Hasher, bytes: Uint8Array, start: number, end: number, salt: number): number {
  const length = end - start;
  if (length <= MOST_BYTES) return hasher.text(bytes, start, end, salt);
  return hasher.text(bytes, start, start + MOST_BYTES, salt ^ Math.imul(length, 0x9e3779b1));
}

/** What a value is as text: in a search, and in the index. Null for none. */
export function textOfValue(value: AttributeValue | undefined): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The hash of an attribute's value, as it is looked up. Returns 53 bits. */
export function hashOfEntry(hasher: Hasher, name: string, value: string): number {
  const bytes = Buffer.from(value);
  return hashText(hasher, bytes, 0, bytes.length, saltOf(hasher, name));
}

/** The indexed attributes, for the code that reads telemetry in. */
export class IndexKeys {
  readonly hasher: Hasher;
  readonly #keys: readonly IndexedKey[];

  constructor(hasher: Hasher, names: Iterable<string>) {
    this.hasher = hasher;
    this.#keys = Array.from(new Set(names), (name) => ({
      bytes: Buffer.from(name),
      salt: saltOf(hasher, name),
    }));
  }

  /** The key whose name stands in `bytes`; undefined when it is not indexed. */
  find(bytes: Buffer, start: number, end: number): IndexedKey | undefined {
    const length = end - start;
    for (const key of this.#keys) {
      // The last bytes differ most: `order.id` and `order.at` are told apart without a comparison of the whole.
      if (key.bytes.length !== length || key.bytes[length - 1] !== bytes[end - 1]) continue;
      if (isSame(key.bytes, 0, bytes, start, length)) return key;
    }
    return undefined;
  }

  /**
   * Adds the halves of the hash of the AnyValue at the cursor, which is left behind it. An empty value adds nothing.
   */
  add(cursor: Cursor, key: IndexedKey, into: Numbers): void {
    const { hasher } = this;
    const { pos } = cursor;
    const outer = cursor.enter();
    const tag = cursor.more() ? cursor.tag() : 0;
    if (tag === 0x0a) {
      const length = cursor.skipBytes();
      if (length > 0) hashText(hasher, cursor.bytes, cursor.pos - length, cursor.pos, key.salt);
      cursor.leave(outer);
      if (length === 0) return;
    } else {
      cursor.limit = outer;
      cursor.pos = pos;
      const text = textOfValue(readAnyValue(cursor));
      if (text === null || text === "") return;
      const bytes = Buffer.from(text);
      hashText(hasher, bytes, 0, bytes.length, key.salt);
    }
    into.push(hasher.high | 0);
    into.push(hasher.low | 0);
  }
}
