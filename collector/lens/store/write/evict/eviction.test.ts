import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { oneSpan, textAttribute } from "../../../otlp/requests.fixture.ts";
import { logRequest, MIB, newFolder, span, TestStore, trace } from "../../store.fixture.ts";

/** So much of a text that does not compress. */
const noise = (bytes: number) =>
  textAttribute(
    "text",
    randomBytes((bytes * 3) / 4 + 1)
      .toString("base64")
      .slice(0, bytes),
  );
/** What `make` gives for the numbers from `from` to `to`. */
function* each(from: number, to: number, make: (n: number) => object): Generator<object> {
  for (let n = from; n <= to; n++) yield make(n);
}
const KIB = noise(1024);
const checkout = (n: number, more: object = {}, service = "gateway") =>
  oneSpan({ traceId: trace(n), spanId: span(1), attributes: [noise(1024)], ...more }, service);
const full = (options: ConstructorParameters<typeof TestStore>[1] = {}) =>
  new TestStore(newFolder(), { limitBytes: 2 * MIB, ...options });

test("the oldest traces go, and are counted by the service that they began at", () => {
  const store = full();
  store.sendMany(each(1, 6_000, (n) => checkout(n)));
  const held = store.ids();
  expect(held).toEqual(Array.from(held, (_, i) => trace(6_000 - i)));
  expect(held.length).toBeGreaterThan(500);
  expect(store.bytes).toBeLessThanOrEqual(2 * MIB);
  const evicted = store.evictions.reduce(
    (sum, { service, traces }) => sum + (service === "gateway" ? traces : 0),
    0,
  );
  expect(evicted).toBe(6_000 - held.length);
  expect(store.counts.of("traces", "stored") - store.counts.of("traces", "evicted")).toBe(held.length);
});

describe("a quiet service", () => {
  test("keeps its traces however much a noisy one sends, and they are found as before", () => {
    const store = full();
    const attributes = [textAttribute("correlation.id", "the quiet one"), KIB];
    store.sendMany(each(1, 5, (n) => checkout(n, { attributes, name: "rare" }, "quiet")));
    store.sendLogs(logRequest({ traceId: trace(3), body: { stringValue: "kept, too" } }, "quiet"));
    store.sendMany(each(10, 8_000, (n) => checkout(n, {}, "noisy")));
    const quiet = [5, 4, 3, 2, 1].map(trace);
    expect(store.ids().slice(-5)).toEqual(quiet);
    expect(store.ids(store.reader.withAttribute("correlation.id", "the quiet one"))).toEqual(quiet);
    expect(store.ids(store.reader.withService("quiet"))).toEqual(quiet);
    expect(store.reader.services()).toEqual(["noisy", "quiet"]);
    expect([...(store.reader.trace(trace(3))?.spans() ?? [])]).toHaveLength(1);
    expect([...(store.reader.trace(trace(3))?.logs() ?? [])]).toHaveLength(1);
    expect(store.evictions.every(({ service }) => service === "noisy")).toBe(true);
    expect(store.bytes).toBeLessThanOrEqual(2 * MIB);
  });

  test("is copied once and not with every part that goes", () => {
    const store = full();
    store.sendMany(each(1, 100, (n) => checkout(n, {}, "quiet")));
    store.sendMany(each(1_000, 16_000, (n) => checkout(n, {}, "noisy")));
    const keys = store.store.database.prepare("SELECT kept, traces FROM part WHERE kept IS NOT NULL").all();
    expect(keys.reduce((sum, { traces }) => sum + Number(traces), 0)).toBe(100);
  });

  test("that grows to as much as the others gives up its oldest, as they do", () => {
    const store = full();
    store.sendMany(each(1, 12_000, (n) => checkout(n, {}, ["one", "two", "three"][n % 3])));
    const held = store.ids();
    for (const service of ["one", "two", "three"])
      expect(store.ids(store.reader.withService(service)).length).toBeGreaterThan(held.length / 5);
    expect(store.bytes).toBeLessThanOrEqual(2 * MIB);
  });
});

test("a trace that a journey reached by a link counts for the service that the journey began at", () => {
  const store = full();
  store.send(checkout(1, {}, "noisy"));
  store.send(checkout(2, { links: [{ traceId: trace(1), spanId: span(1) }] }, "mail"));
  store.send(checkout(3, {}, "mail"));
  store.sendMany(each(10, 8_000, (n) => checkout(n, {}, "noisy")));
  expect(store.ids().slice(-1)).toEqual([trace(3)]);
  expect(store.ids()).not.toContain(trace(2));
});

test("a trace counts for the service of its root, however late that comes", () => {
  const store = full();
  store.sendMany(each(1, 5, (n) => checkout(n, { spanId: span(2), parentSpanId: span(1) }, "noisy")));
  store.sendMany(each(1, 5, (n) => checkout(n, {}, "quiet")));
  store.sendMany(each(10, 8_000, (n) => checkout(n, {}, "noisy")));
  expect(store.ids().slice(-5)).toEqual([5, 4, 3, 2, 1].map(trace));
});

test("one endless chain of links does not empty the store", () => {
  const store = full();
  store.sendMany(each(1, 6_000, (n) => checkout(n, { links: [{ traceId: trace(n - 1), spanId: span(1) }] })));
  expect(store.ids().length).toBeGreaterThan(500);
});

test("whatever clocks say, the order is that of arrival", () => {
  const store = full();
  const clocks = ["0", "18446744073709551615", "1700000000000000000", "9223372036854775807"];
  store.sendMany(
    each(1, 4_000, (n) =>
      checkout(n, { startTimeUnixNano: clocks[n % 4], endTimeUnixNano: clocks[(n + 1) % 4] }),
    ),
  );
  const held = store.ids();
  expect(held).toEqual(Array.from(held, (_, i) => trace(4_000 - i)));
});

test("a span for a trace that is gone is stored, and known to be too late", () => {
  const store = full();
  store.sendMany(each(1, 4_000, (n) => checkout(n)));
  expect(store.counts.get("tooLate")).toBe(0);
  store.send(checkout(1, { spanId: span(9) }));
  expect(store.counts.get("tooLate")).toBe(1);
  expect(store.ids()[0]).toBe(trace(1));
});

test("a trace that alone is larger than the store is not kept", () => {
  const store = full();
  store.send(checkout(1, { attributes: [noise(4 * MIB)] }));
  expect(store.ids()).toEqual([]);
  expect(store.bytes).toBeLessThan(MIB);
});

test("a trace that goes on over several parts is one: listed once, read whole, its spans known", () => {
  const store = full({ limitBytes: 8 * MIB });
  const spans = 400;
  for (let i = 1; i <= spans; i++) {
    store.send(checkout(1, { spanId: span(i), name: "long" }));
    for (let n = 0; n < 5; n++) store.send(checkout(i * 10 + n));
  }
  expect(store.store.database.prepare("SELECT count(*) AS n FROM part").get()?.n).toBeGreaterThan(4);
  expect(store.ids().filter((id) => id === trace(1))).toEqual([trace(1)]);
  expect(store.ids().at(-1)).toBe(trace(1));
  const stored = store.reader.trace(trace(1));
  expect([stored?.spanCount, [...(stored?.spans() ?? [])].length]).toEqual([spans, spans]);
  store.send(checkout(1, { spanId: span(1) }));
  expect(store.counts.of("traces", "duplicates")).toBe(1);
});

test("what has not been written to for too long goes, also when nothing arrives", () => {
  let now = 1_000_000_000;
  const store = full({ maxAgeMs: 60_000, now: () => now });
  store.send(checkout(1));
  now += 59_000;
  store.send(checkout(2));
  store.writer.tend();
  expect(store.ids()).toEqual([2, 1].map(trace));
  now += 2_000;
  store.writer.tend();
  expect(store.ids()).toEqual([trace(2)]);
  now += 60_000;
  store.writer.tend();
  expect(store.ids()).toEqual([]);
});

test("nothing is left of what has gone: no rows in any table", () => {
  const store = full();
  for (let n = 1; n <= 500; n++) {
    const attributes = [textAttribute("correlation.id", `c${n}`), KIB];
    const links = [{ traceId: trace(10_000 + n), spanId: span(1) }];
    store.send(checkout(n, { name: `op ${n}`, attributes, links }));
    store.sendLogs(logRequest({ body: { stringValue: "x" }, attributes }));
  }
  store.send(checkout(501, { attributes: [noise(4 * MIB)] }));
  for (let i = 0; i < 100; i++) store.writer.tend();
  const tables = ["part", "root", "origin", "operation", "trace", "segment", "log", "block", "tail", "entry"];
  const rows = (table: string) => store.store.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
  expect(tables.map((table) => [table, rows(table)])).toEqual(tables.map((table) => [table, 0]));
  expect([...store.reader.services(), ...store.ids()]).toEqual([]);
});
