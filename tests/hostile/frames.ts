/** HTTP/2 connections that a client library would not send: any frame, in any order, with any fault (RFC 9113). */
import fc from "fast-check";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;
const END_STREAM = 1;
const END_HEADERS = 4;
/** The payload of the ping that is sent last: its answer says that the connection works still. */
export const LAST_PING = Buffer.from("hostile!");

/** A frame. `length` may be wrong. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer,
  length = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** A field without Huffman codes and without the table (RFC 7541, 6.2.2). Name and value have under 127 bytes. */
const field = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);
const blockOf = (path: string, more: readonly (readonly [string, string])[] = []): Buffer =>
  Buffer.concat(
    [
      [":method", "POST"] as const,
      [":scheme", "http"] as const,
      [":path", path] as const,
      [":authority", "127.0.0.1"] as const,
      ["content-type", "application/grpc"] as const,
      ["te", "trailers"] as const,
      ...more,
    ].map(([name, value]) => field(name, value)),
  );
const CALL = blockOf("/baton.orders.v1.OrderService/GetOrder");

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const stream = fc.oneof(fc.constantFrom(0, 1, 2, 3, 5, 7, 2 ** 31 - 1, 2 ** 32 - 1), fc.nat(1_000));
const word = (value: number): Buffer => {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(value >>> 0);
  return four;
};
const setting = fc
  .tuple(fc.nat(10), fc.oneof(fc.nat(), fc.constantFrom(0, 1, 16_383, 2 ** 24, 2 ** 31, 2 ** 32 - 1)))
  .map(([id, value]) => Buffer.concat([Buffer.of(0, id), word(value)]));

/** A call that is right in itself, with fields that are not. */
const oddFields = fc
  .array(
    fc.constantFrom<readonly [string, string]>(
      [":path", "/again"],
      [":made-up", "x"],
      ["Upper", "x"],
      ["connection", "keep-alive"],
      ["transfer-encoding", "chunked"],
      ["content-length", "7"],
      ["a b", "x"],
      ["", "x"],
      ["traceparent", "00-0-0-00"],
      ["baggage", "fault=orders.saga:kill(place)"],
      ["grpc-timeout", "soon"],
      ["te", "gzip"],
    ),
    { maxLength: 3 },
  )
  .map((more) => blockOf("/baton.orders.v1.OrderService/GetOrder", more));
/** Small, and unpacked each reference to the one large field is its size again. */
const bomb = Buffer.concat([
  Buffer.of(0x40, 1, 0x61, 0x7f, 0xb9, 0x1e),
  Buffer.alloc(4_000, 0x62),
  Buffer.alloc(12_000, 0xbe),
]);

const anyFrame: fc.Arbitrary<Buffer> = fc.oneof(
  fc.tuple(fc.nat(255), fc.nat(255), stream, bytes(60)).map((one) => frame(...one)),
  fc
    .tuple(fc.nat(9), fc.nat(255), stream, bytes(60), fc.constantFrom(0, 1, 8, 16_385, 2 ** 24 - 1))
    .map((one) => frame(...one)),
  fc.tuple(stream, oddFields).map(([id, block]) => frame(TYPE.headers, END_HEADERS, id, block)),
  fc.tuple(stream, bytes(80)).map(([id, block]) => frame(TYPE.headers, END_HEADERS | END_STREAM, id, block)),
  fc.tuple(stream, bytes(80)).map(([id, data]) => frame(TYPE.data, END_STREAM, id, data)),
  fc.tuple(stream, fc.nat()).map(([id, code]) => frame(TYPE.reset, 0, id, word(code))),
  fc
    .tuple(stream, fc.constantFrom(0, 1, 2 ** 31 - 1))
    .map(([id, more]) => frame(TYPE.window, 0, id, word(more))),
  fc.array(setting, { maxLength: 5 }).map((some) => frame(TYPE.settings, 0, 0, Buffer.concat(some))),
  fc.tuple(stream, bytes(30)).map(([id, some]) => frame(TYPE.push, END_HEADERS, id, some)),
  fc.constant(frame(TYPE.goaway, 0, 0, Buffer.concat([word(0), word(0)]))),
  fc.constant(frame(TYPE.headers, END_HEADERS, 1, bomb.subarray(0, 16_384))),
);

const repeated = (count: number, make: (n: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, n) => make(n)));
/** Floods: many frames that each cost the server more than the client. */
const flood: fc.Arbitrary<Buffer> = fc.constantFrom(
  repeated(2_000, () => frame(TYPE.ping, 0, 0, Buffer.alloc(8))),
  repeated(2_000, () => frame(TYPE.settings, 0, 0, Buffer.alloc(0))),
  repeated(2_000, () => frame(TYPE.priority, 0, 1, Buffer.concat([word(3), Buffer.of(1)]))),
  // A stream that is reset as soon as it is open.
  repeated(500, (n) =>
    Buffer.concat([
      frame(TYPE.headers, END_HEADERS | END_STREAM, 2 * n + 1, CALL),
      frame(TYPE.reset, 0, 2 * n + 1, word(8)),
    ]),
  ),
  // A block of headers without an end.
  Buffer.concat([
    frame(TYPE.headers, 0, 1, CALL),
    repeated(2_000, () => frame(TYPE.continuation, 0, 1, Buffer.from("\0\x01a\x01b", "latin1"))),
  ]),
  repeated(2_000, (n) => frame(TYPE.data, 0, 2 * n + 1, Buffer.alloc(0))),
);

const hello = frame(TYPE.settings, 0, 0, Buffer.alloc(0));
const good = Buffer.concat([
  frame(TYPE.headers, END_HEADERS, 1, CALL),
  frame(TYPE.data, END_STREAM, 1, Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x6f])),
]);

/** One connection: the preface or a part of it, then mostly bad frames, then a ping. */
export const connections: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant(Buffer.concat([PREFACE, hello])) },
      fc.constantFrom(
        PREFACE,
        PREFACE.subarray(0, 20),
        Buffer.concat([PREFACE, Buffer.from("GET / HTTP/1.1\r\n\r\n")]),
      ),
    ),
    fc.constantFrom(good, Buffer.alloc(0)),
    fc.oneof(
      {
        weight: 9,
        arbitrary: fc.array(anyFrame, { minLength: 1, maxLength: 6 }).map((some) => Buffer.concat(some)),
      },
      flood,
    ),
  )
  .map(([start, before, bad]) => Buffer.concat([start, before, bad, frame(TYPE.ping, 0, 0, LAST_PING)]));
