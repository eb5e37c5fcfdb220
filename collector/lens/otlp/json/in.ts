/**
 * OTLP/JSON in: turns the text of a request into the protobuf bytes of the same request, so that everything behind it
 * has one kind of input to be right about.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding and protobuf's JSON mapping. Ids are hex,
 * 64-bit integers are strings or numbers, enums are numbers or names, unknown fields are ignored.
 */
import { MAX_LEVEL } from "../cursor.ts";
import { malformed } from "../error.ts";
import type { EnumName, Field, MessageName, Scalar } from "../fields.ts";
import { ENUMS, MESSAGES } from "../schema.ts";
import { type IntegerType, Writer } from "../writer.ts";
import { JsonCursor } from "./cursor.ts";
import { doubleOf, integerOf } from "./numbers.ts";

/** So many bytes are read in one piece: some ms. */
const PIECE_BYTES = 128 * 1024;
/** What is nested more deeply is left out here: by then it is too deep for the reader of the protobuf. */
const MOST_LEVEL = MAX_LEVEL + 3;

/** Messages that may hold any number of others; in between others are answered. */
const CONTAINERS: ReadonlySet<MessageName> = new Set<MessageName>([
  "TracesRequest",
  "ResourceSpans",
  "ScopeSpans",
  "LogsRequest",
  "ResourceLogs",
  "ScopeLogs",
  "MetricsRequest",
  "ResourceMetrics",
  "ScopeMetrics",
]);

/**
 * `text`: a `message` in OTLP/JSON. Yields after each piece; the last value is its protobuf encoding. Throws an
 * OtlpError `malformed`.
 */
export function* readJson(message: MessageName, text: Buffer): Generator<undefined, Buffer> {
  const json = new Transcoder(text);
  yield* json.container(message, message);
  json.cursor.end();
  return json.writer.finish();
}

/** The protobuf encoding of `value`, which is an OTLP/JSON `message` as JSON.stringify takes it; all in one piece. */
export function encodeJson(message: MessageName, value: unknown): Buffer {
  const json = readJson(message, Buffer.from(JSON.stringify(value) ?? ""));
  for (let step = json.next(); ; step = json.next()) if (step.done) return step.value;
}

class Transcoder {
  readonly cursor: JsonCursor;
  readonly writer = new Writer();
  #pausedAt = 0;

  constructor(text: Buffer) {
    this.cursor = new JsonCursor(text);
  }

  /** Reads an object that is a container. */
  *container(message: MessageName, path: string): Generator<undefined, void> {
    const { cursor } = this;
    if (!cursor.isObject) throw malformed(`${path} must be an object`);
    cursor.begin();
    for (let isFirst = true; cursor.moreMembers(isFirst); isFirst = false) {
      const field = fieldOf(message, cursor.name());
      if (field?.type.kind !== "message" || !field.repeated) {
        this.#member(field, path, 0);
        continue;
      }
      if (cursor.isNull()) continue;
      const at = `${path}.${field.name}`;
      if (!cursor.isList) throw malformed(`${at} must be an array`);
      cursor.begin();
      for (let isFirstOne = true; cursor.moreElements(isFirstOne); isFirstOne = false) {
        const start = this.writer.begin(field.number);
        if (CONTAINERS.has(field.type.message)) yield* this.container(field.type.message, at);
        else this.#message(field.type.message, at, 0);
        this.writer.end(start);
        if (cursor.pos - this.#pausedAt < PIECE_BYTES) continue;
        yield;
        this.#pausedAt = cursor.pos;
      }
    }
  }

  #message(message: MessageName, path: string, level: number): void {
    const { cursor } = this;
    if (!cursor.isObject) throw malformed(`${path} must be an object`);
    if (level > MOST_LEVEL) {
      cursor.skip();
      return;
    }
    cursor.begin();
    for (let isFirst = true; cursor.moreMembers(isFirst); isFirst = false)
      this.#member(fieldOf(message, cursor.name()), path, level);
  }

  /** The value of a member, whose name was just read; of none, when the field is not known. */
  #member(field: Field | undefined, path: string, level: number): void {
    const { cursor } = this;
    if (!field) cursor.skip();
    if (!field || cursor.isNull()) return;
    const at = `${path}.${field.name}`;
    if (!field.repeated) {
      this.#value(field, at, level);
      return;
    }
    if (!cursor.isList) throw malformed(`${at} must be an array`);
    cursor.begin();
    for (let isFirst = true; cursor.moreElements(isFirst); isFirst = false) this.#value(field, at, level);
  }

  #value(field: Field, path: string, level: number): void {
    const { type, number } = field;
    if (type.kind === "message") {
      const start = this.writer.begin(number);
      this.#message(type.message, path, level + 1);
      this.writer.end(start);
    } else if (type.kind === "enum") this.#enum(type.enum, number, path);
    else this.#scalar(type.scalar, field, path);
  }

  #enum(name: EnumName, number: number, path: string): void {
    const { cursor } = this;
    const code = cursor.isString ? ENUMS[name].get(cursor.string().toString()) : Number(cursor.number());
    if (code === undefined || !Number.isInteger(code) || code < 0 || code >= 2 ** 31)
      throw malformed(`${path} is not a value of ${name}`);
    if (code !== 0) this.writer.varintField(number, code);
  }

  /** A zero value is written where its absence would not say the same. */
  #scalar(scalar: Scalar, field: Field, path: string): void {
    const keepZero = field.oneof || field.repeated;
    if (scalar === "bool") this.#bool(field.number, keepZero, path);
    else if (scalar === "string" || scalar === "hex" || scalar === "bytes") {
      if (!this.cursor.isString) throw malformed(`${path} must be a string`);
      const bytes = BYTES[scalar](this.cursor.string(), path);
      if (keepZero || bytes.length > 0) this.writer.bytesField(field.number, bytes);
    } else if (scalar === "double") {
      const value = doubleOf(this.#numeral());
      if (value === null) throw malformed(`${path} must be a number`);
      if (keepZero || value !== 0) this.writer.doubleField(field.number, value);
    } else this.#integer(scalar, field.number, keepZero, path);
  }

  #bool(number: number, keepZero: boolean, path: string): void {
    const value = this.cursor.boolean();
    if (value === null) throw malformed(`${path} must be true or false`);
    if (keepZero || value) this.writer.varintField(number, value ? 1 : 0);
  }

  #integer(type: IntegerType, number: number, keepZero: boolean, path: string): void {
    const value = integerOf(this.#numeral());
    const [least, end] = RANGES[type];
    if (value === null || value < least || value >= end)
      throw malformed(`${path} must be an integer in its range`);
    if (keepZero || Number(value) !== 0) this.writer.integerField(type, number, value);
  }

  /** A number, quoted or bare, as it is written. */
  #numeral(): string {
    const { cursor } = this;
    return cursor.isString ? cursor.string().toString("latin1") : cursor.number();
  }
}

const RANGES: Readonly<Record<IntegerType, readonly [bigint, bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n],
  sint32: [-(2n ** 31n), 2n ** 31n],
  uint64: [0n, 2n ** 64n],
  fixed64: [0n, 2n ** 64n],
  sfixed64: [-(2n ** 63n), 2n ** 63n],
  uint32: [0n, 2n ** 32n],
  fixed32: [0n, 2n ** 32n],
};

const BYTES: Readonly<Record<"string" | "hex" | "bytes", (text: Buffer, path: string) => Buffer>> = {
  string: (text) => text,
  hex(text, path) {
    const hex = text.toString("latin1");
    if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) throw malformed(`${path} must be hex`);
    return Buffer.from(hex, "hex");
  },
  bytes(text, path) {
    const base64 = text.toString("latin1");
    if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(base64)) throw malformed(`${path} must be base64`);
    return Buffer.from(base64, "base64");
  },
};

/** The field with this name in JSON, or in the .proto file, which protobuf's mapping lets a sender use as well. */
function fieldOf(message: MessageName, name: string): Field | undefined {
  let fields = fieldsByName.get(message);
  if (!fields) {
    fields = new Map(
      MESSAGES[message].flatMap((field) => [
        [field.name, field] as const,
        [field.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), field] as const,
      ]),
    );
    fieldsByName.set(message, fields);
  }
  return fields.get(name);
}
const fieldsByName = new Map<MessageName, ReadonlyMap<string, Field>>();
