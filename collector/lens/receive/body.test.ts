import { PassThrough, Readable } from "node:stream";
import { promisify } from "node:util";
import { gunzip, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { BodyReader, REQUESTS_AT_ONCE, type Unpack } from "./body.ts";

const MAX_BYTES = 1000;
const plain = { declaredBytes: 0, open: (bytes: Buffer) => ({ bytes, gzip: false }) };
const length = (body: Buffer): number => body.length;

test("all bodies together are held within a bound, which is free again when they end", async () => {
  const bodies = new BodyReader(MAX_BYTES);
  const open = Array.from({ length: REQUESTS_AT_ONCE }, () => new PassThrough());
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
  const open = Array.from({ length: REQUESTS_AT_ONCE }, () => new PassThrough());
  const reads = open.map((stream) => bodies.read(stream, plain, length));
  for (const stream of open) stream.write(Buffer.alloc(MAX_BYTES));
  for (const read of reads) await expect(read).rejects.toMatchObject({ code: "slow" });
  expect(await bodies.read(Readable.from([Buffer.alloc(MAX_BYTES)]), plain, length)).toBe(MAX_BYTES);
});

test("what bodies unpack to counts before they are unpacked: so many at once are refused, not held", async () => {
  let [now, most] = [0, 0];
  const unpack: Unpack = async (packed, options) => {
    now += options.maxOutputLength;
    most = Math.max(most, now);
    const body = await promisify(gunzip)(packed, options);
    now -= options.maxOutputLength;
    return body;
  };
  const long = 1_000_000;
  const bodies = new BodyReader(long, undefined, unpack);
  const packed = gzipSync(Buffer.alloc(long));
  const options = { declaredBytes: 0, open: (bytes: Buffer) => ({ bytes, gzip: true }) };
  const reads = Array.from({ length: 200 }, () => bodies.read(Readable.from([packed]), options, length));
  const outcomes = await Promise.allSettled(reads);
  expect(most).toBeLessThanOrEqual(long * REQUESTS_AT_ONCE);
  expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
  for (const outcome of outcomes)
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "busy" });
});

test("a gzip stream of several members is read whole, one that says too little of itself within the bound", async () => {
  const bodies = new BodyReader(MAX_BYTES);
  const options = { declaredBytes: 0, open: (bytes: Buffer) => ({ bytes, gzip: true }) };
  const read = (packed: Buffer) => bodies.read(Readable.from([packed]), options, length);
  const members = [Buffer.alloc(600), Buffer.alloc(100)].map((part) => gzipSync(part));
  expect(await read(Buffer.concat(members))).toBe(700);
  const lying = gzipSync(Buffer.alloc(MAX_BYTES * 50));
  lying.writeUInt32LE(10, lying.length - 4);
  await expect(read(lying)).rejects.toMatchObject({ code: "too_large" });
  expect(await read(members[1] as Buffer)).toBe(100);
});

test("what is held beside a body while it is used counts, too", async () => {
  const bodies = new BodyReader(MAX_BYTES);
  const twice = bodies.read(Readable.from([Buffer.alloc(MAX_BYTES)]), plain, (body, hold) => {
    for (let i = 1; i <= REQUESTS_AT_ONCE; i++) hold(body.length);
  });
  await expect(twice).rejects.toMatchObject({ code: "busy" });
  expect(await bodies.read(Readable.from([Buffer.alloc(MAX_BYTES)]), plain, length)).toBe(MAX_BYTES);
});
