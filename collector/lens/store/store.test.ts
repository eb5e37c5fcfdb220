import { describe, expect, test } from "vitest";
import { indexedKeys } from "../otlp/attributes.ts";
import { encodeJson } from "../otlp/json-in.ts";
import { readLogs, readSpans, splitRequest } from "../otlp/read.ts";
import { oneSpan, textAttribute } from "../otlp/requests.fixture.ts";
import { SpanIds } from "./span-ids.ts";
import { type Eviction, Store } from "./store.ts";
import type { StoredTrace } from "./stored-trace.ts";

const keys = indexedKeys(["correlation.id", "baton.order.id"]);
const trace = (n: number): string => n.toString(16).padStart(32, "0");
const span = (n: number): string => n.toString(16).padStart(16, "0");

const spans = (request: object) => readSpans(splitRequest(encodeJson("TracesRequest", request)), keys);
const logs = (request: object) => readLogs(splitRequest(encodeJson("LogsRequest", request)), keys);
const logRequest = (record: object): object => ({
  resourceLogs: [
    {
      resource: { attributes: [textAttribute("service.name", "gateway")] },
      scopeLogs: [{ logRecords: [record] }],
    },
  ],
});
const ids = (traces: Iterable<StoredTrace>): string[] => Array.from(traces, ({ traceId }) => traceId);

const KIB = 1024;
test("a span that is sent again is stored once, also within one request", () => {
  const store = new Store(1e9);
  const request = oneSpan() as { resourceSpans: unknown[] };
  const twice = { resourceSpans: [...request.resourceSpans, ...request.resourceSpans] };
  expect(store.addSpans(spans(twice))).toMatchObject({ stored: 1, duplicates: 1 });
  const { bytes } = store;
  expect(store.addSpans(spans(request))).toMatchObject({ stored: 0, duplicates: 1 });
  expect(store.bytes).toBe(bytes);
});

test("a request of duplicates alone leaves nothing behind, not even its resource", () => {
  const store = new Store(1e9);
  store.addSpans(spans(oneSpan({}, "one")));
  const { bytes } = store;
  store.addSpans(spans(oneSpan({}, "another")));
  expect(store.bytes).toBe(bytes);
  expect(store.indexSizes().origins).toBe(1);
  expect(store.services()).toEqual(["one"]);
});

test("equal span ids in different traces are different spans", () => {
  const store = new Store(1e9);
  store.addSpans(spans(oneSpan({ traceId: trace(1) })));
  expect(store.addSpans(spans(oneSpan({ traceId: trace(2) })))).toMatchObject({ stored: 1, duplicates: 0 });
});

describe("the indexes", () => {
  test("find a trace by its links, its correlation id and its order id", () => {
    const store = new Store(1e9);
    const attributes = [textAttribute("correlation.id", "c1"), textAttribute("baton.order.id", "o1")];
    const links = [{ traceId: trace(9), spanId: span(9) }];
    store.addSpans(spans(oneSpan({ traceId: trace(1), attributes, links })));
    expect(ids(store.linkedTo(trace(9)))).toEqual([trace(1)]);
    expect(ids(store.withAttribute("correlation.id", "c1"))).toEqual([trace(1)]);
    expect(ids(store.withAttribute("baton.order.id", "o1"))).toEqual([trace(1)]);
    expect(ids(store.withAttribute("baton.order.id", "c1"))).toEqual([]);
  });

  test("find log records outside any trace", () => {
    const store = new Store(1e9);
    const record = { body: { stringValue: "hello" }, attributes: [textAttribute("correlation.id", "c1")] };
    store.addLogs(logs(logRequest(record)));
    expect(ids(store.withAttribute("correlation.id", "c1"))).toEqual([""]);
  });

  test("do not take up values that are too long", () => {
    const store = new Store(1e9);
    const id = "x".repeat(257);
    store.addSpans(spans(oneSpan({ attributes: [textAttribute("correlation.id", id)] })));
    expect(ids(store.withAttribute("correlation.id", id))).toEqual([]);
  });
});

describe("a full store", () => {
  const ONE_KIB = textAttribute(
    "text",
    Array.from({ length: 64 }, () => crypto.randomUUID())
      .join("")
      .slice(0, KIB),
  );
  const checkout = (n: number, more: object = {}, service = "gateway") =>
    spans(oneSpan({ traceId: trace(n), spanId: span(n), attributes: [ONE_KIB], ...more }, service));

  test("lets the oldest journeys go and counts them", () => {
    const evicted: Eviction[] = [];
    const store = new Store(64 * KIB, { onEvict: (eviction) => evicted.push(eviction) });
    for (let n = 1; n <= 500; n++) store.addSpans(checkout(n));
    const held = ids(store.newestFirst());
    expect(held).toEqual(Array.from(held, (_, i) => trace(500 - i)));
    expect(held.length).toBeGreaterThan(20);
    expect(evicted.length).toBe(500 - held.length);
    expect(evicted[0]).toEqual({ service: "gateway", spans: 1, logs: 0 });
    expect(store.bytes).toBeLessThanOrEqual(store.limitBytes);
  });

  test("takes it from the service that has most: a noisy one cannot push a quiet one's journeys out", () => {
    const store = new Store(64 * KIB);
    for (let n = 1; n <= 5; n++) store.addSpans(checkout(n, {}, "quiet"));
    for (let n = 10; n <= 2000; n++) store.addSpans(checkout(n, {}, "noisy"));
    expect(ids(store.newestFirst()).slice(-5)).toEqual([5, 4, 3, 2, 1].map(trace));
  });

  test("keeps a journey that is not settled longer than settled ones of the same service", () => {
    const store = new Store(64 * KIB);
    store.addSpans(checkout(1, { parentSpanId: span(77) }));
    for (let n = 10; n <= 1000; n++) store.addSpans(checkout(n));
    expect(ids(store.newestFirst())).toContain(trace(1));
    expect(ids(store.newestFirst())).not.toContain(trace(10));
    for (let n = 1001; n <= 2000; n++) store.addSpans(checkout(n, { parentSpanId: span(77) }));
    expect(ids(store.newestFirst())).not.toContain(trace(1));
  });

  test("a sent message keeps its journey unsettled until every consumer has had it, also one that takes it in a batch", () => {
    const consumers = new Map([["events.Made", ["mail", "sales"]]]);
    const attribute = (key: string, value: string) => textAttribute(key, value);
    const sent = [
      attribute("messaging.message.id", "m1"),
      attribute("messaging.destination.template", "events.Made"),
    ];
    const consumed = (group: string) => [
      attribute("messaging.message.id", "m1"),
      attribute("messaging.consumer.group.name", group),
    ];
    const process = (n: number, group: string, links: object[]) =>
      checkout(n, { kind: 5, attributes: consumed(group), links });
    const links = [{ traceId: trace(1), spanId: span(2) }];
    const others = [...links, { traceId: trace(9000), spanId: span(1) }];
    for (const bySales of [false, true]) {
      const store = new Store(256 * KIB, { consumers });
      store.addSpans(checkout(1));
      store.addSpans(checkout(1, { spanId: span(2), parentSpanId: span(1), kind: 4, attributes: sent }));
      store.addSpans(process(2, "mail", links));
      if (bySales) store.addSpans(process(3, "sales", others));
      for (let n = 10; n <= 1000; n++) store.addSpans(checkout(n));
      expect(ids(store.newestFirst()).includes(trace(1))).toBe(!bySales);
    }
  });

  test("lets go with a journey the traces that grew from it by links", () => {
    const store = new Store(64 * KIB);
    store.addSpans(checkout(1));
    store.addSpans(checkout(2, { links: [{ traceId: trace(1), spanId: span(1) }] }, "mail"));
    store.addSpans(checkout(3, {}, "mail"));
    for (let n = 10; n <= 1000; n++) store.addSpans(checkout(n));
    expect(ids(store.newestFirst()).slice(-1)).toEqual([trace(3)]);
    expect(ids(store.newestFirst())).not.toContain(trace(2));
  });

  test("is not emptied by one endless chain of links", () => {
    const store = new Store(64 * KIB);
    let most = 0;
    for (let n = 1; n <= 1000; n++) {
      store.addSpans(checkout(n, { links: [{ traceId: trace(n - 1), spanId: span(1) }] }));
      const held = ids(store.newestFirst()).length;
      expect(held).toBeGreaterThanOrEqual(most - 64 - 2);
      most = Math.max(most, held);
    }
    expect(most).toBeLessThan(1000);
  });

  test("goes on whatever clocks say", () => {
    const store = new Store(64 * KIB);
    const clocks = ["0", "18446744073709551615", "1700000000000000000", "9223372036854775807"];
    for (let n = 1; n <= 1000; n++) {
      const [startTimeUnixNano, endTimeUnixNano] = [clocks[n % 4], clocks[(n + 1) % 4]];
      store.addSpans(checkout(n, { startTimeUnixNano, endTimeUnixNano }));
    }
    const held = ids(store.newestFirst());
    expect(held).toEqual(Array.from(held, (_, i) => trace(1000 - i)));
  });

  test("knows a span that comes for a journey that is gone", () => {
    const store = new Store(64 * KIB);
    for (let n = 1; n <= 500; n++) expect(store.addSpans(checkout(n)).tooLate).toBe(0);
    expect(store.addSpans(checkout(1, { spanId: span(9) }))).toMatchObject({ stored: 1, tooLate: 1 });
    expect(ids(store.newestFirst())[0]).toBe(trace(1));
  });

  test("does not keep a trace that alone is larger than the store", () => {
    const store = new Store(16 * KIB);
    const text = Array.from({ length: 3000 }, () => crypto.randomUUID()).join("");
    store.addSpans(spans(oneSpan({ attributes: [textAttribute("text", text)] })));
    expect(ids(store.newestFirst())).toEqual([]);
    expect(store.bytes).toBe(0);
  });

  test("forgets everything about what has gone", () => {
    const store = new Store(256 * KIB);
    for (let n = 1; n <= 500; n++) {
      const attributes = [textAttribute("correlation.id", `c${n}`), ONE_KIB];
      const links = [{ traceId: trace(1000 + n), spanId: span(1) }];
      store.addSpans(checkout(n, { name: `op ${n}`, attributes, links }));
      store.addLogs(logs(logRequest({ body: { stringValue: "x" }, attributes })));
    }
    const text = Array.from({ length: 20_000 }, () => crypto.randomUUID()).join("");
    store.addSpans(checkout(501, { attributes: [textAttribute("text", text)] }));
    expect(store.indexSizes()).toEqual({ traces: 0, origins: 0, services: 0, postings: 0, blocks: 0 });
    expect(store.bytes).toBe(0);
  });
});

test("a long trace is whole, each span once, wherever its spans lie", () => {
  const store = new Store(1024 * KIB);
  const request = (n: number) => spans(oneSpan({ spanId: span(n), name: `op ${n % 7}` }));
  for (let n = 1; n <= 5000; n++) expect(store.addSpans(request(n)).stored).toBe(1);
  for (let n = 1; n <= 5000; n += 37) expect(store.addSpans(request(n)).duplicates).toBe(1);
  const [stored] = store.newestFirst();
  expect(stored?.spanCount).toBe(5000);
  expect([...(stored?.spans() ?? [])]).toHaveLength(5000);
  expect(store.indexSizes().blocks).toBeGreaterThan(1);
});

test("the table of span ids knows every id that it was given, and no other", () => {
  const table = new SpanIds();
  const known = Array.from({ length: 5000 }, (_, i) => [i % 3 ? Math.imul(i, 2654435761) : 0, i] as const);
  for (const [high, low] of known.slice(1)) expect(table.add(high, low)).toBe(true);
  for (const [high, low] of known.slice(1)) expect(table.add(high, low)).toBe(false);
  expect(table.has(1, 4)).toBe(false);
  expect(table.add(1, 4)).toBe(true);
  expect(table.has(1, 4)).toBe(true);
});
