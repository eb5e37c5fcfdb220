/**
 * OTLP/JSON in: turns a parsed JSON request into the protobuf bytes of the same request, so that everything behind
 * it has one kind of input to be right about.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding and protobuf's JSON mapping. Ids are hex,
 * 64-bit integers are strings or numbers, enums are numbers or names, unknown fields are ignored.
 */
import { MAX_LEVEL } from "./cursor.ts";
import { malformed } from "./error.ts";
import { ENUMS, type Field, MESSAGES, type MessageName, type Scalar } from "./schema.ts";
import { Writer } from "./writer.ts";

/** `value`: what JSON.parse gave for `message`. Returns its protobuf encoding; throws an OtlpError `malformed`. */
export function encodeJson(message: MessageName, value: unknown): Buffer {
  const writer = new Writer();
  writeMessage(writer, message, value, message, 0);
  return writer.finish();
}

function writeMessage(
  writer: Writer,
  message: MessageName,
  value: unknown,
  path: string,
  level: number,
): void {
  if (level > MAX_LEVEL) throw malformed("values are nested too deeply");
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed(`${path} must be an object`);
  const object = value as Readonly<Record<string, unknown>>;
  for (const field of MESSAGES[message]) {
    const given = object[field.name] ?? object[snakeCase(field.name)];
    if (given === undefined || given === null) continue;
    const at = `${path}.${field.name}`;
    if (!field.repeated) writeField(writer, field, given, at, level);
    else if (!Array.isArray(given)) throw malformed(`${at} must be an array`);
    else for (const item of given) writeField(writer, field, item, at, level);
  }
}

function writeField(writer: Writer, field: Field, value: unknown, path: string, level: number): void {
  const { type, number } = field;
  if (type.kind === "message") {
    writer.messageField(number, () => writeMessage(writer, type.message, value, path, level + 1));
  } else if (type.kind === "enum") {
    const code = typeof value === "string" ? ENUMS[type.enum].get(value) : value;
    if (!isUint(code, 2 ** 31)) throw malformed(`${path} is not a value of ${type.enum}`);
    if (code !== 0) writer.varintField(number, code);
  } else {
    WRITE[type.scalar](writer, number, value, path, field.oneof || field.repeated);
  }
}

/** `keepZero`: whether a zero value is written; where it is not, its absence says the same. */
type WriteScalar = (writer: Writer, number: number, value: unknown, path: string, keepZero: boolean) => void;

const writeBytes =
  (parse: (value: unknown, path: string) => Buffer): WriteScalar =>
  (writer, number, value, path, keepZero) => {
    const bytes = parse(value, path);
    if (keepZero || bytes.length > 0) writer.bytesField(number, bytes);
  };

const WRITE: Readonly<Record<Scalar, WriteScalar>> = {
  string: writeBytes(parseText),
  hex: writeBytes(parseHex),
  bytes: writeBytes(parseBase64),
  bool(writer, number, value, path, keepZero) {
    if (typeof value !== "boolean") throw malformed(`${path} must be true or false`);
    if (keepZero || value) writer.varintField(number, value ? 1 : 0);
  },
  int64(writer, number, value, path, keepZero) {
    const integer = parseInteger(value, -(2n ** 63n), 2n ** 63n, path);
    if (keepZero || integer !== 0n) writer.varintField(number, BigInt.asUintN(64, integer));
  },
  fixed64(writer, number, value, path) {
    const integer = parseInteger(value, 0n, 2n ** 64n, path);
    if (integer !== 0n) writer.fixed64Field(number, integer);
  },
  uint32(writer, number, value, path) {
    const integer = parseInteger(value, 0n, 2n ** 32n, path);
    if (integer !== 0n) writer.varintField(number, integer);
  },
  fixed32(writer, number, value, path) {
    const integer = parseInteger(value, 0n, 2n ** 32n, path);
    if (integer !== 0n) writer.fixed32Field(number, Number(integer));
  },
  double(writer, number, value, path, keepZero) {
    const double = parseDouble(value, path);
    if (keepZero || double !== 0) writer.doubleField(number, double);
  },
};

function parseText(value: unknown, path: string): Buffer {
  if (typeof value !== "string") throw malformed(`${path} must be a string`);
  return Buffer.from(value, "utf8");
}

function parseHex(value: unknown, path: string): Buffer {
  if (typeof value !== "string" || value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value)) {
    throw malformed(`${path} must be hex`);
  }
  return Buffer.from(value, "hex");
}

function parseBase64(value: unknown, path: string): Buffer {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value))
    throw malformed(`${path} must be base64`);
  return Buffer.from(value, "base64");
}

/** An integer at or above `min` and below `end`, given as a number or as a decimal string. */
function parseInteger(value: unknown, min: bigint, end: bigint, path: string): bigint {
  const isInteger =
    typeof value === "number"
      ? Number.isInteger(value)
      : typeof value === "string" && /^-?\d{1,20}$/.test(value);
  const number = isInteger ? BigInt(value as number | string) : null;
  if (number === null || number < min || number >= end)
    throw malformed(`${path} must be an integer in its range`);
  return number;
}

function parseDouble(value: unknown, path: string): number {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
    return Number(value);
  throw malformed(`${path} must be a number`);
}

const isInteger = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value);

const isUint = (value: unknown, end: number): value is number =>
  isInteger(value) && value >= 0 && value < end;

/** Protobuf's JSON mapping lets a sender use the field names of the .proto file as well. */
const snakeCase = (name: string): string => {
  let snake = snakeCases.get(name);
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    snakeCases.set(name, snake);
  }
  return snake;
};
const snakeCases = new Map<string, string>();
