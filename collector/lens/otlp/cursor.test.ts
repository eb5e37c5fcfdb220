import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Cursor } from "./cursor.ts";
import { OtlpError } from "./error.ts";
import { Writer } from "./writer.ts";

/** Writes one field and returns a cursor that stands behind its tag. */
function written(write: (writer: Writer) => void): Cursor {
  const writer = new Writer();
  write(writer);
  const cursor = new Cursor(writer.finish());
  cursor.tag();
  return cursor;
}

describe("what the writer writes, the cursor reads", () => {
  test("every unsigned number up to 2^53", () => {
    const numbers = fc.property(fc.maxSafeNat(), (n) => {
      expect(written((w) => w.varintField(1, n)).uint()).toBe(n);
    });
    fc.assert(numbers);
  });

  test("every signed 64-bit integer", () => {
    const integers = fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => {
      expect(written((w) => w.varintField(1, BigInt.asUintN(64, n))).int64()).toBe(n);
    });
    fc.assert(integers);
  });

  test("nanoseconds to the last digit", () => {
    expect(written((w) => w.fixed64Field(7, 1_700_000_000_123_456_789n)).fixed64()).toBe(
      1_700_000_000_123_456_789n,
    );
  });

  test.each([0, 1, 127, 128, 16_383, 16_384, 70_000])(
    "a message of about %i bytes, and what follows it",
    (length) => {
      const cursor = written((w) => {
        w.messageField(1, () => w.bytesField(2, Buffer.alloc(length, "x")));
        w.varintField(3, 42);
      });
      const outer = cursor.enter();
      cursor.tag();
      expect(cursor.string()).toBe("x".repeat(length));
      expect(cursor.more()).toBe(false);
      cursor.leave(outer);
      expect(cursor.tag()).toBe(3 << 3);
      expect(cursor.uint()).toBe(42);
    },
  );
});

test.each([
  ["a number that does not end", [0x80, 0x80]],
  ["a number of more than ten bytes", Array.from({ length: 11 }, () => 0xff)],
  ["a length beyond the end", [0x05, 0x61]],
  ["a length of 2^32 and more", [0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x61]],
])("a string is refused that begins with %s", (_, bytes) => {
  expect(() => new Cursor(Buffer.from(bytes)).string()).toThrow(OtlpError);
});

test("a message must lie inside the one that holds it", () => {
  const cursor = new Cursor(Buffer.from([0x02, 0x05, 0x61, 0x61, 0x61, 0x61, 0x61]));
  cursor.enter();
  expect(() => cursor.enter()).toThrow(OtlpError);
});

test.each([3, 4, 6, 7])("wire type %i, which OTLP does not use, is refused", (wire) => {
  expect(() => new Cursor(Buffer.alloc(16)).skip((1 << 3) | wire)).toThrow(OtlpError);
});
