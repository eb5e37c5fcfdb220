/**
 * What a block holds: items one behind the other, as they were received. An item is
 * `varint origin | varint length * 2 + (1 for a log record) | bytes`.
 *
 * A block is compressed when it is full: 64 KB at a time take a third less time than segment by segment, and leave half
 * as much, since spans repeat each other's words. zstd takes a quarter of deflate's time for a smaller result.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Cursor } from "../otlp/cursor.ts";

/** With so much content a block is full. */
const BLOCK_BYTES = 64 * 1024;
/** No block unpacks to more: a single item is no longer than a request may be. */
const MOST_BYTES = 2 ** 30;
const LEVEL_1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Of an item, before its bytes. */
const HEAD_BYTES = 12;

export const pack = (content: Uint8Array): Buffer => zstdCompressSync(content, LEVEL_1);
export const unpack = (packed: Uint8Array): Buffer =>
  zstdDecompressSync(packed, { maxOutputLength: MOST_BYTES });

/** The block that is written to. */
export class OpenBlock {
  /** Its key in the database. */
  readonly key: number;
  #content = Buffer.allocUnsafeSlow(BLOCK_BYTES + 16 * 1024);
  #length: number;
  /** What stands in the database already: its length, and in how many pieces. */
  #saved: number;
  #pieces: number;

  /** `pieces`: what the database has of it. */
  constructor(key: number, pieces: readonly Uint8Array[] = []) {
    this.key = key;
    this.#length = 0;
    for (const piece of pieces) {
      this.#reserve(piece.length);
      this.#content.set(piece, this.#length);
      this.#length += piece.length;
    }
    this.#saved = this.#length;
    this.#pieces = pieces.length;
  }

  get length(): number {
    return this.#length;
  }

  get isFull(): boolean {
    return this.#length >= BLOCK_BYTES;
  }

  get content(): Buffer {
    return this.#content.subarray(0, this.#length);
  }

  /** Appends an item. */
  append(origin: number, isLog: boolean, source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.#reserve(size + HEAD_BYTES);
    let pos = writeVarint(this.#content, this.#length, origin);
    pos = writeVarint(this.#content, pos, size * 2 + (isLog ? 1 : 0));
    this.#content.set(source.subarray(start, end), pos);
    this.#length = pos + size;
  }

  /** What was appended since the last call, and the number of the piece that it is; null for nothing. */
  newPiece(): { readonly n: number; readonly data: Buffer } | null {
    if (this.#saved === this.#length) return null;
    const data = this.#content.subarray(this.#saved, this.#length);
    this.#saved = this.#length;
    return { n: this.#pieces++, data };
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#content.length) return;
    const wider = Buffer.allocUnsafeSlow(Math.max(this.#content.length * 2, this.#length + more));
    this.#content.copy(wider, 0, 0, this.#length);
    this.#content = wider;
  }
}

/** An item in a block's content. */
export interface Item {
  /** Its number among the origins of its part. */
  readonly origin: number;
  readonly isLog: boolean;
  readonly bytes: Buffer;
}

/** The items of `content` from `start` up to, but not including, `end`: views. */
export function* itemsOf(content: Buffer, start: number, end: number): Generator<Item> {
  const cursor = new Cursor(content, start, end);
  while (cursor.more()) {
    const origin = cursor.uint();
    const word = cursor.uint();
    const length = Math.floor(word / 2);
    yield { origin, isLog: word % 2 === 1, bytes: content.subarray(cursor.pos, cursor.pos + length) };
    cursor.pos += length;
  }
}

function writeVarint(into: Buffer, start: number, value: number): number {
  let rest = value;
  let pos = start;
  while (rest >= 0x80) {
    into[pos++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
  }
  into[pos] = rest;
  return pos + 1;
}
