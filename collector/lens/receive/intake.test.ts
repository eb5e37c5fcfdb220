import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { REASONS, type Signal } from "../counts.ts";
import type { Span } from "../journey/model.ts";
import { OtlpError } from "../otlp/error.ts";
import { Hasher } from "../otlp/hasher.ts";
import { encodeJson } from "../otlp/json/in.ts";
import { JsonText } from "../otlp/json/text.ts";
import { IndexKeys } from "../otlp/read/index-keys.ts";
import { logsRequest, oneSpan, textAttribute, tracesRequest } from "../otlp/requests.fixture.ts";
import { writeTraces } from "../query/otlp-json.ts";
import { logsOf, spansOf } from "../query/source.ts";
import type { StoreReader } from "../store/read/store-reader.ts";
import { MIB, newFolder, TestStore } from "../store/store.fixture.ts";
import { Intake } from "./intake.ts";

function newLens(limitBytes = 64 * MIB) {
  const stored = new TestStore(newFolder(), { limitBytes });
  const { counts, reader: store } = stored;
  const intake = new Intake({
    counts,
    keys: new IndexKeys(new Hasher(stored.store.seed), ["correlation.id"]),
    store: async (batch) => stored.writer.take(batch),
  });
  /** As a receiver does it: a refusal is counted and comes back as false. */
  const take = async (signal: Signal, encoding: "protobuf" | "json", body: Buffer): Promise<boolean> => {
    try {
      await intake.counted(signal, async () => intake[encoding](signal, body));
      stored.commit();
      return true;
    } catch (error) {
      if (error instanceof OtlpError) return false;
      throw error;
    }
  };
  return { counts, store, stored, take, [Symbol.dispose]: () => stored.dispose() };
}

/** What the empty tables take, and a little more. */
const LITTLE_BYTES = 192 * 1024;

const spansIn = (store: StoreReader): Span[] =>
  [...store.newestFirst()].flatMap((stored) => [...spansOf(stored)]);
const logsIn = (store: StoreReader) => [...store.newestFirst()].flatMap((stored) => [...logsOf(stored)]);
const json = (request: unknown): Buffer => Buffer.from(JSON.stringify(request));
const protobuf = (request: unknown): Buffer => encodeJson("TracesRequest", request);

test("a span is stored as it was sent, to the nanosecond", async () => {
  const { store, take } = newLens();
  const request = oneSpan({
    traceState: "a=b",
    parentSpanId: "00000000000000ff",
    flags: 0x301,
    attributes: [
      textAttribute("correlation.id", "c1"),
      { key: "big", value: { intValue: "9223372036854775807" } },
      { key: "list", value: { arrayValue: { values: [{ intValue: "1" }, { boolValue: true }] } } },
      { key: "map", value: { kvlistValue: { values: [textAttribute("__proto__", "harmless")] } } },
    ],
    events: [{ timeUnixNano: "3", name: "happened", attributes: [textAttribute("how", "well")] }],
    links: [
      {
        traceId: `${"0".repeat(31)}1`,
        spanId: `${"0".repeat(15)}1`,
        attributes: [textAttribute("why", "x")],
      },
    ],
    status: { code: 2, message: "declined" },
  });
  expect(await take("traces", "protobuf", protobuf(request))).toBe(true);
  expect(spansIn(store)).toEqual([
    {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      parentSpanId: "00000000000000ff",
      traceState: "a=b",
      flags: 0x301,
      name: "POST /checkouts",
      kind: "SERVER",
      startNs: 1_700_000_000_000_000_001n,
      endNs: 1_700_000_000_000_000_009n,
      status: "ERROR",
      statusMessage: "declined",
      attributes: {
        "correlation.id": "c1",
        big: "9223372036854775807",
        list: [1, true],
        map: JSON.parse('{"__proto__":"harmless"}'),
      },
      events: [{ timeNs: 3n, name: "happened", attributes: { how: "well" } }],
      links: [{ traceId: `${"0".repeat(31)}1`, spanId: `${"0".repeat(15)}1`, attributes: { why: "x" } }],
      resource: { "service.name": "gateway" },
      service: "gateway",
      scope: "shop",
    },
  ]);
});

describe("whatever arrives", () => {
  test("JSON and protobuf of the same request leave the same spans and log records", async () => {
    await fc.assert(
      fc.asyncProperty(tracesRequest, logsRequest, async (traces, logs) => {
        using one = newLens();
        using other = newLens();
        await one.take("traces", "json", json(traces));
        await one.take("logs", "json", json(logs));
        await other.take("traces", "protobuf", protobuf(traces));
        await other.take("logs", "protobuf", encodeJson("LogsRequest", logs));
        expect(spansIn(one.store)).toEqual(spansIn(other.store));
        expect(logsIn(one.store)).toEqual(logsIn(other.store));
        expect(one.stored.bytes).toBe(other.stored.bytes);
        expect(spansIn(one.store).length).toBeGreaterThan(0);
      }),
    );
  });

  test("a request cut anywhere is taken whole or refused with nothing stored", async () => {
    await fc.assert(
      fc.asyncProperty(tracesRequest, tracesRequest, fc.nat(), async (before, request, at) => {
        using lens = newLens();
        const { store, counts, take } = lens;
        await take("traces", "protobuf", protobuf(before));
        const held = spansIn(store);
        const bytes = protobuf(request);
        const cut = bytes.subarray(0, at % bytes.length);
        if (await take("traces", "protobuf", cut)) {
          // What is left is a request of its own only where one of its resources ended.
          expect(decodesAlone(cut)).toBe(true);
        } else {
          expect(spansIn(store)).toEqual(held);
          expect(counts.of("traces", "malformed")).toBe(1);
        }
      }),
    );
  });

  test("no damage throws anything but a refusal, and what is taken can be read again", async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(tracesRequest, logsRequest, damage, async (traces, logs, changes) => {
        using lens = newLens();
        const { store, take } = lens;
        const damaged = (bytes: Buffer): Buffer => {
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          return bytes;
        };
        await take("traces", "protobuf", damaged(protobuf(traces)));
        await take("logs", "protobuf", damaged(encodeJson("LogsRequest", logs)));
        await take("traces", "json", damaged(json(traces)));
        spansIn(store);
        logsIn(store);
        const text = new JsonText();
        writeTraces(text, store.newestFirst(), { spans: 1000, bytes: 1e9 });
        JSON.parse(text.bytes.toString());
      }),
      { numRuns: 500 },
    );
  });

  test("any bytes at all are refused or taken, on every signal", async () => {
    const { take } = newLens();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("traces", "logs", "metrics"),
        fc.uint8Array(),
        async (signal, bytes) => {
          await take(signal as Signal, "protobuf", Buffer.from(bytes));
          await take(signal as Signal, "json", Buffer.from(bytes));
        },
      ),
    );
  });

  test("the counters add up and the store keeps to its bound", async () => {
    const request = fc.oneof(
      tracesRequest.map((r) => ["traces", protobuf(r)] as const),
      logsRequest.map((r) => ["logs", encodeJson("LogsRequest", r)] as const),
      fc.uint8Array({ minLength: 1 }).map((b) => ["traces", Buffer.from(b)] as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 20 }), async (requests) => {
        using lens = newLens(LITTLE_BYTES);
        const { counts, store, stored, take } = lens;
        for (const [signal, body] of requests) {
          await take(signal, "protobuf", body);
          expect(stored.bytes).toBeLessThanOrEqual(LITTLE_BYTES);
        }
        for (const signal of ["traces", "logs"] as const) {
          const refused = REASONS.reduce((sum, reason) => sum + counts.of(signal, reason), 0);
          const [kept, twice] = [counts.of(signal, "stored"), counts.of(signal, "duplicates")];
          expect(kept + twice + refused).toBe(counts.of(signal, "received"));
        }
        const left = (signal: Signal) => counts.of(signal, "stored") - counts.of(signal, "evicted");
        expect(left("traces")).toBe(spansIn(store).length);
        expect(left("logs")).toBe(logsIn(store).length);
      }),
    );
  });
});

test.each([
  ["a trace id of 8 bytes", { traceId: "0af7651916cd43dd" }],
  ["a span id of 16 bytes", { spanId: "0af7651916cd43dd8448eb211c80319c" }],
  ["a parent id of 4 bytes", { parentSpanId: "0af76519" }],
  ["no trace id", { traceId: "" }],
  ["a trace id of zeros", { traceId: "0".repeat(32) }],
  ["a span id of zeros", { spanId: "0".repeat(16) }],
])("a span with %s is left out and counted, the others are taken", async (_, wrong) => {
  const { counts, store, take } = newLens();
  const none = oneSpan(wrong) as { resourceSpans: unknown[] };
  const good = oneSpan() as { resourceSpans: unknown[] };
  const both = { resourceSpans: [...none.resourceSpans, ...good.resourceSpans] };
  expect(await take("traces", "json", json(both))).toBe(true);
  expect(spansIn(store)).toHaveLength(1);
  expect(counts.of("traces", "invalid_id")).toBe(1);
  expect(counts.of("traces", "received")).toBe(2);
});

test("a log record with a broken trace id is one outside any trace, as the protocol asks", async () => {
  const { store, take } = newLens();
  const record = { traceId: "0af7651916cd43dd", spanId: "01", body: { stringValue: "hello" } };
  expect(
    await take("logs", "json", json({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] })),
  ).toBe(true);
  expect([...store.newestFirst()].map(({ traceId, logCount }) => [traceId, logCount])).toEqual([["", 1]]);
});

test("a span with values nested without end is left out in protobuf too, and its neighbour is taken", async () => {
  const { store, counts, take } = newLens();
  let value = Buffer.from([0x0a, 0x00]);
  for (let i = 0; i < 3000; i++) value = field(5, field(1, value));
  const span = Buffer.concat([anySpan, field(9, field(2, value))]);
  const both = Buffer.concat([field(2, span), field(2, anySpan)]);
  expect(await take("traces", "protobuf", field(1, field(2, both)))).toBe(true);
  expect(spansIn(store)).toHaveLength(1);
  expect(counts.of("traces", "too_complex")).toBe(1);
});

test("a span in JSON with values nested without end is left out, and its neighbour is taken", async () => {
  const { store, counts, take } = newLens();
  const deep = `${'{"arrayValue":{"values":['.repeat(3000)}${"]}}".repeat(3000)}`;
  const text = JSON.stringify(oneSpan({ attributes: [{ key: "deep", value: "here" }] })).replace(
    '"here"',
    deep,
  );
  const [both] = [
    text.replace(
      '"spans":[',
      `"spans":[${JSON.stringify({ traceId: "1".repeat(32), spanId: "2".repeat(16) })},`,
    ),
  ];
  expect(await take("traces", "json", Buffer.from(both))).toBe(true);
  expect(spansIn(store).map(({ spanId }) => spanId)).toEqual(["2".repeat(16)]);
  expect(counts.of("traces", "too_complex")).toBe(1);
});

test("a resource whose attributes are too many leaves out its spans, and no others", async () => {
  const { store, counts, take } = newLens();
  const many = Array.from({ length: 40_000 }, (_, i) => textAttribute(`k${i}`, "x"));
  const [good, wrong] = [oneSpan(), oneSpan({ spanId: "2".repeat(16) })] as [Spans, Spans];
  Object.assign(wrong.resourceSpans[0] as object, { resource: { attributes: many } });
  const both = { resourceSpans: [...wrong.resourceSpans, ...good.resourceSpans] };
  expect(await take("traces", "json", json(both))).toBe(true);
  expect(spansIn(store)).toHaveLength(1);
  expect(counts.of("traces", "too_complex")).toBe(1);
});

interface Spans {
  readonly resourceSpans: readonly object[];
}

test("one broken resource refuses the whole request, the good ones before it too", async () => {
  const { store, take } = newLens();
  const broken = field(1, Buffer.concat([field(1, Buffer.from([0x0a, 0x7f])), field(2, field(2, anySpan))]));
  expect(await take("traces", "protobuf", Buffer.concat([protobuf(oneSpan()), broken]))).toBe(false);
  expect(spansIn(store)).toEqual([]);
});

test("metric data points are counted, and one that comes again is stored once", async () => {
  const { counts, take } = newLens();
  const point = { asInt: "1" };
  const metrics = [
    { name: "a", sum: { dataPoints: [point, point] } },
    { name: "b", gauge: { dataPoints: [point] } },
  ];
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
  expect(await take("metrics", "json", json(request))).toBe(true);
  expect(counts.of("metrics", "received")).toBe(3);
  expect([counts.of("metrics", "stored"), counts.of("metrics", "duplicates")]).toEqual([2, 1]);
  const sum = field(7, Buffer.concat([field(1, Buffer.alloc(0)), field(1, Buffer.alloc(0))]));
  expect(await take("metrics", "protobuf", field(1, field(2, field(2, sum))))).toBe(true);
  expect(counts.of("metrics", "received")).toBe(5);
});

test.each([
  ["a name that is a number", { name: 1 }],
  ["points that are no list", { name: "a", sum: { dataPoints: {} } }],
  ["a value that is a text", { name: "a", gauge: { dataPoints: [{ asDouble: "much" }] } }],
  ["a fraction of a whole", { name: "a", gauge: { dataPoints: [{ asInt: 1.5 }] } }],
  ["a count below zero", { name: "a", histogram: { dataPoints: [{ count: "-1" }] } }],
  ["a temporality that is none", { name: "a", sum: { aggregationTemporality: "SOMETIMES" } }],
])("metrics in JSON with %s are refused", async (_, metric) => {
  const { counts, take } = newLens();
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] };
  expect(await take("metrics", "json", json(request))).toBe(false);
  expect(counts.of("metrics", "malformed")).toBe(1);
});

/** An encoded span with nothing but its ids. */
const anySpan = Buffer.concat([field(1, Buffer.alloc(16, 1)), field(2, Buffer.alloc(8, 1))]);

/** A length-delimited field, written without the code under test. */
function field(number: number, payload: Buffer): Buffer<ArrayBuffer> {
  const length: number[] = [];
  for (let rest = payload.length; ; rest >>>= 7) {
    length.push(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest);
    if (rest < 0x80) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), payload]);
}

/** True when the bytes are a row of whole top-level fields: tag, length, payload. */
function decodesAlone(bytes: Buffer): boolean {
  let pos = 0;
  while (pos < bytes.length) {
    let length = 0;
    let shift = 0;
    pos++;
    for (let byte = 0x80; byte >= 0x80; shift += 7) {
      if (pos >= bytes.length) return false;
      byte = bytes[pos++] ?? 0;
      length |= (byte & 0x7f) << shift;
    }
    pos += length;
  }
  return pos === bytes.length;
}
