import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { BodyReader } from "./body.ts";

const MAX_BYTES = 1000;
const plain = { declaredBytes: 0, open: (bytes: Buffer) => ({ bytes, gzip: false }) };
const length = (body: Buffer): number => body.length;

test("all bodies together are held within a bound, which is free again when they end", async () => {
  const bodies = new BodyReader(MAX_BYTES);
  const open = Array.from({ length: 8 }, () => new PassThrough());
  const reads = open.map((stream) => bodies.read(stream, plain, length));
  for (const stream of open) {
    // The write's callback comes when the reader has taken the chunk.
    await new Promise((resolve) => stream.write(Buffer.alloc(MAX_BYTES), resolve));
  }
  await expect(bodies.read(Readable.from([Buffer.alloc(1)]), plain, length)).rejects.toMatchObject({
    code: "busy",
  });
  for (const stream of open) stream.end();
  expect(await Promise.all(reads)).toEqual(open.map(() => MAX_BYTES));
  expect(await bodies.read(Readable.from([Buffer.alloc(MAX_BYTES)]), plain, length)).toBe(MAX_BYTES);
});

test("a body that says it is too long is refused before any of it comes", async () => {
  const bodies = new BodyReader(MAX_BYTES);
  const never = new PassThrough();
  const options = { ...plain, declaredBytes: MAX_BYTES + 1 };
  await expect(bodies.read(never, options, length)).rejects.toMatchObject({ code: "too_large" });
});

test("a refused body gives back what it held", async () => {
  const bodies = new BodyReader(MAX_BYTES);
  for (let i = 0; i < 20; i++) {
    const long = Readable.from([Buffer.alloc(MAX_BYTES), Buffer.alloc(1)]);
    await expect(bodies.read(long, plain, length)).rejects.toMatchObject({ code: "too_large" });
  }
  expect(await bodies.read(Readable.from([Buffer.alloc(MAX_BYTES)]), plain, length)).toBe(MAX_BYTES);
});

test("a body that trickles is given up after a while, and gives back what it held", async () => {
  const bodies = new BodyReader(MAX_BYTES, 30);
  const open = Array.from({ length: 8 }, () => new PassThrough());
  const reads = open.map((stream) => bodies.read(stream, plain, length));
  for (const stream of open) stream.write(Buffer.alloc(MAX_BYTES));
  for (const read of reads) await expect(read).rejects.toMatchObject({ code: "slow" });
  expect(await bodies.read(Readable.from([Buffer.alloc(MAX_BYTES)]), plain, length)).toBe(MAX_BYTES);
});
