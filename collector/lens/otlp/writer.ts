/**
 * Writes the protobuf wire format into one growing buffer. A nested message is written in place and moved if its
 * length needs more than one byte, which is cheaper than a buffer per message and leaves the canonical encoding.
 */
import { WIRE } from "./cursor.ts";

/** Protobuf's types of whole numbers. */
export type IntegerType = "int64" | "uint64" | "fixed64" | "sfixed64" | "uint32" | "fixed32" | "sint32";

const MOST_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

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

  /** A whole number in the range of its type, in that type's encoding. */
  integerField(type: IntegerType, field: number, value: number | bigint): void {
    if (type === "fixed64" || type === "sfixed64")
      this.fixed64Field(field, BigInt.asUintN(64, BigInt(value)));
    else if (type === "fixed32") this.fixed32Field(field, Number(value));
    else if (type === "sint32") this.varintField(field, ((Number(value) << 1) ^ (Number(value) >> 31)) >>> 0);
    else this.varintField(field, value < 0 ? BigInt.asUintN(64, BigInt(value)) : value);
  }

  /** Writes a message: `body` writes its fields with this same writer. */
  messageField(field: number, body: () => void): void {
    const start = this.begin(field);
    body();
    this.end(start);
  }

  /** Begins a message, whose fields come next. Returns what `end` is to be given. */
  begin(field: number): number {
    this.#tag(field, WIRE.bytes);
    this.#reserve(1);
    return ++this.#pos;
  }

  /** Ends the message that began last. */
  end(start: number): void {
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
    if (typeof value === "bigint" && value > MOST_EXACT) {
      let rest = value;
      for (; rest >= 0x80n; rest >>= 7n) this.#bytes[this.#pos++] = Number(rest & 0x7fn) | 0x80;
      this.#bytes[this.#pos++] = Number(rest);
      return;
    }
    let rest = Number(value);
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#bytes[this.#pos++] = (rest % 128) | 0x80;
    this.#bytes[this.#pos++] = rest;
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
