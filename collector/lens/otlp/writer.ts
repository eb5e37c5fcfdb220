/**
 * Writes the protobuf wire format into one growing buffer. A nested message is written in place and moved if its
 * length needs more than one byte, which is cheaper than a buffer per message and leaves the canonical encoding.
 */
import { WIRE } from "./cursor.ts";

export class Writer {
  #bytes = Buffer.allocUnsafe(1024);
  #pos = 0;

  /** What was written so far, as a copy of its own. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#pos));
  }

  /** `value`: below 2^53, or a bigint in the unsigned 64-bit range. */
  varintField(field: number, value: number | bigint): void {
    this.#tag(field, WIRE.varint);
    this.#varint(value);
  }

  fixed64Field(field: number, value: bigint): void {
    this.#tag(field, WIRE.fixed64);
    this.#reserve(8);
    this.#pos = this.#bytes.writeBigUInt64LE(value, this.#pos);
  }

  doubleField(field: number, value: number): void {
    this.#tag(field, WIRE.fixed64);
    this.#reserve(8);
    this.#pos = this.#bytes.writeDoubleLE(value, this.#pos);
  }

  fixed32Field(field: number, value: number): void {
    this.#tag(field, WIRE.fixed32);
    this.#reserve(4);
    this.#pos = this.#bytes.writeUInt32LE(value, this.#pos);
  }

  bytesField(field: number, value: Uint8Array): void {
    this.#tag(field, WIRE.bytes);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#pos);
    this.#pos += value.length;
  }

  /** Writes a message: `body` writes its fields with this same writer. */
  messageField(field: number, body: () => void): void {
    this.#tag(field, WIRE.bytes);
    this.#reserve(1);
    const start = ++this.#pos;
    body();
    const length = this.#pos - start;
    const extra = varintSize(length) - 1;
    if (extra > 0) {
      this.#reserve(extra);
      this.#bytes.copyWithin(start + extra, start, start + length);
    }
    this.#pos = start - 1;
    this.#varint(length);
    this.#pos += length;
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }

  #varint(value: number | bigint): void {
    this.#reserve(10);
    let rest = BigInt(value);
    if (rest < 0x80n) {
      this.#bytes[this.#pos++] = Number(rest);
      return;
    }
    while (rest >= 0x80n) {
      this.#bytes[this.#pos++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#pos++] = Number(rest);
  }

  #reserve(length: number): void {
    if (this.#pos + length <= this.#bytes.length) return;
    const wider = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#pos + length));
    this.#bytes.copy(wider, 0, 0, this.#pos);
    this.#bytes = wider;
  }
}

const varintSize = (value: number): number => {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) size++;
  return size;
};
