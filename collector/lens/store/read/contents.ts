/**
 * Opens blocks, and keeps the contents of those that were opened last: one look at a journey reads them again and
 * again.
 */
import { unpack } from "../content.ts";
import type { Database, Statement } from "../sqlite.ts";

const MOST_KEPT_BYTES = 4 * 1024 * 1024;

export class Contents {
  readonly #block: Statement;
  readonly #tail: Statement;
  readonly #kept = new Map<number, Buffer>();
  #bytes = 0;

  constructor(database: Database) {
    this.#block = database.prepare("SELECT data FROM block WHERE key = ?");
    this.#tail = database.prepare("SELECT data FROM tail WHERE block = ? ORDER BY n");
    for (const statement of [this.#block, this.#tail]) statement.setReturnArrays(true);
  }

  /** The content of a block up to `end` at least; null when it is gone. Takes 0.1 ms when it is not kept. */
  read(key: number, end: number): Buffer | null {
    const known = this.#kept.get(key);
    // A block only grows: what is known of it stays right.
    if (known && known.length >= end) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known;
    }
    const content = this.#load(key);
    if (content.length < end) return null;
    this.#keep(key, content);
    return content;
  }

  #load(key: number): Buffer {
    const sealed = this.#block.get(key) as unknown as [Uint8Array] | undefined;
    if (sealed) return unpack(sealed[0]);
    const pieces = this.#tail.all(key) as unknown as [Uint8Array][];
    return Buffer.concat(pieces.map(([data]) => data));
  }

  #keep(key: number, content: Buffer): void {
    this.#bytes += content.length - (this.#kept.get(key)?.length ?? 0);
    this.#kept.delete(key);
    this.#kept.set(key, content);
    for (const [oldest, { length }] of this.#kept) {
      if (this.#bytes <= MOST_KEPT_BYTES || oldest === key) break;
      this.#kept.delete(oldest);
      this.#bytes -= length;
    }
  }
}
