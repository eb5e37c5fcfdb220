/**
 * OTLP/JSON out, as objects: the reader checks resources and scopes with it, and answers, which are written as text
 * (text.ts), are held against it. Ids are hex, 64-bit integers are strings, enums are numbers; what the sender
 * left out is left out.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import { Cursor, MAX_LEVEL, WIRE } from "../cursor.ts";
import { malformed } from "../error.ts";
import type { Field, MessageName, Scalar } from "../fields.ts";
import { MESSAGES } from "../schema.ts";

export type Json = string | number | boolean | Json[] | { [key: string]: Json };

/**
 * `bytes`: one encoded `message`. Returns its OTLP/JSON form, without the fields that OTLP does not know; throws an
 * OtlpError `malformed` when they are not such a message, which the reader relies on to check resources and scopes.
 */
export function decodeJson(message: MessageName, bytes: Buffer): { [key: string]: Json } {
  return readMessage(new Cursor(bytes), message, 0);
}

/** Reads the message at the cursor, up to the cursor's limit. */
export function readMessage(cursor: Cursor, message: MessageName, level: number): { [key: string]: Json } {
  if (level > MAX_LEVEL) throw malformed("values are nested too deeply");
  const fields = byTag(message);
  const packed = packedByTag(message);
  const object: { [key: string]: Json } = {};
  while (cursor.more()) {
    const tag = cursor.tag();
    const field = fields.get(tag);
    if (!field) {
      const list = packed.get(tag);
      if (list) object[list.name] = [...asList(object[list.name]), ...readPacked(cursor, list)];
      else cursor.skip(tag);
      continue;
    }
    const value = readField(cursor, field, level);
    const list = object[field.name];
    if (!field.repeated) object[field.name] = value;
    else if (Array.isArray(list)) list.push(value);
    else object[field.name] = [value];
  }
  return object;
}

const asList = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

/** Numbers one behind the other, as protobuf prefers to write a list of them. */
function readPacked(cursor: Cursor, { type }: Field): Json[] {
  const list: Json[] = [];
  const outer = cursor.enter();
  while (cursor.more()) if (type.kind === "scalar") list.push(readScalar(cursor, type.scalar));
  cursor.leave(outer);
  return list;
}

function readField(cursor: Cursor, field: Field, level: number): Json {
  const { type } = field;
  if (type.kind === "enum") return cursor.uint();
  if (type.kind === "scalar") return readScalar(cursor, type.scalar);
  const outer = cursor.enter();
  const value = readMessage(cursor, type.message, level + 1);
  cursor.leave(outer);
  return value;
}

function readScalar(cursor: Cursor, type: Scalar): Json {
  switch (type) {
    case "string":
      return cursor.string();
    case "hex":
      return cursor.hex();
    case "bytes":
      return cursor.view().toString("base64");
    case "bool":
      return cursor.uint() !== 0;
    case "int64":
      return cursor.int64().toString();
    case "uint64":
      return BigInt.asUintN(64, cursor.int64()).toString();
    case "sfixed64":
      return BigInt.asIntN(64, cursor.fixed64()).toString();
    case "sint32":
      return cursor.sint32();
    case "fixed64":
      return cursor.fixed64().toString();
    case "uint32":
      return cursor.uint();
    case "fixed32":
      return cursor.fixed32();
    case "double": {
      const number = cursor.double();
      return Number.isFinite(number) ? number : String(number);
    }
  }
}

const WIRE_OF: Readonly<Record<Scalar, number>> = {
  string: WIRE.bytes,
  hex: WIRE.bytes,
  bytes: WIRE.bytes,
  bool: WIRE.varint,
  int64: WIRE.varint,
  uint64: WIRE.varint,
  sint32: WIRE.varint,
  sfixed64: WIRE.fixed64,
  uint32: WIRE.varint,
  fixed64: WIRE.fixed64,
  double: WIRE.fixed64,
  fixed32: WIRE.fixed32,
};

const tables = new Map<MessageName, ReadonlyMap<number, Field>>();

/** The fields of a message by tag. A known number with another wire type is an unknown field, as protobuf has it. */
export function byTag(message: MessageName): ReadonlyMap<number, Field> {
  let table = tables.get(message);
  if (!table) {
    table = new Map(
      MESSAGES[message].map((field) => {
        const { type } = field;
        const wire =
          type.kind === "scalar" ? WIRE_OF[type.scalar] : type.kind === "enum" ? WIRE.varint : WIRE.bytes;
        return [field.number * 8 + wire, field];
      }),
    );
    tables.set(message, table);
  }
  return table;
}

const packedTables = new Map<MessageName, ReadonlyMap<number, Field>>();

/** Lists of numbers, by the tag under which they come packed. */
function packedByTag(message: MessageName): ReadonlyMap<number, Field> {
  let table = packedTables.get(message);
  if (!table) {
    const lists = MESSAGES[message].filter(
      ({ type, repeated }) => repeated && type.kind === "scalar" && WIRE_OF[type.scalar] !== WIRE.bytes,
    );
    table = new Map(lists.map((field) => [field.number * 8 + WIRE.bytes, field]));
    packedTables.set(message, table);
  }
  return table;
}
