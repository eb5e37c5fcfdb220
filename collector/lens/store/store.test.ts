import { describe, expect, test } from "vitest";
import { indexedKeys } from "../otlp/attributes.ts";
import { encodeJson } from "../otlp/json-in.ts";
import { readLogs, readSpans, splitRequest } from "../otlp/read.ts";
import { oneSpan, textAttribute } from "../otlp/requests.fixture.ts";
import type { Bundle } from "./bundle.ts";
import { SpanIds } from "./span-ids.ts";
import { Store } from "./store.ts";

const keys = indexedKeys(["correlation.id", "baton.order.id"]);
const trace = (n: number): string => n.toString(16).padStart(32, "0");
const span = (n: number): string => n.toString(16).padStart(16, "0");

const spans = (request: object) => readSpans(splitRequest(encodeJson("TracesRequest", request)), keys);
const logs = (request: object) => readLogs(splitRequest(encodeJson("LogsRequest", request)), keys);
const logRequest = (record: object): object => ({
  resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }],
});
const ids = (bundles: Iterable<Bundle>): string[] => Array.from(bundles, (bundle) => bundle.traceId);

/** A store that holds about `traces` traces of one span. */
function storeFor(traces: number): Store {
  const probe = new Store(1e9);
  probe.addSpans(spans(oneSpan({ traceId: trace(1) })));
  const first = probe.bytes;
  probe.addSpans(spans(oneSpan({ traceId: trace(2) })));
  return new Store(first + (probe.bytes - first) * (traces - 1));
}

test("a span that is sent again is stored once, also within one request", () => {
  const store = new Store(1e9);
  const request = oneSpan() as { resourceSpans: unknown[] };
  const twice = { resourceSpans: [...request.resourceSpans, ...request.resourceSpans] };
  expect(store.addSpans(spans(twice))).toEqual({ stored: 1, duplicates: 1 });
  const { bytes } = store;
  expect(store.addSpans(spans(request))).toEqual({ stored: 0, duplicates: 1 });
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
  expect(store.addSpans(spans(oneSpan({ traceId: trace(2) })))).toEqual({ stored: 1, duplicates: 0 });
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
  test("lets the oldest trace go and counts it", () => {
    const evicted: number[] = [];
    const limit = storeFor(3).limitBytes;
    const store = new Store(limit, (n) => evicted.push(n));
    for (let n = 1; n <= 5; n++) store.addSpans(spans(oneSpan({ traceId: trace(n) })));
    expect(ids(store.newestFirst())).toEqual([trace(5), trace(4), trace(3)]);
    expect(evicted).toEqual([1, 1]);
  });

  test("lets go with it the traces that grew from it by links", () => {
    const store = storeFor(4);
    const links = [{ traceId: trace(1), spanId: span(1) }];
    store.addSpans(spans(oneSpan({ traceId: trace(1) })));
    store.addSpans(spans(oneSpan({ traceId: trace(2) })));
    store.addSpans(spans(oneSpan({ traceId: trace(3), links })));
    store.addSpans(spans(oneSpan({ traceId: trace(4) })));
    store.addSpans(spans(oneSpan({ traceId: trace(5) })));
    expect(ids(store.newestFirst())).toEqual([trace(5), trace(4), trace(2)]);
  });

  test("is not emptied by one endless chain of links", () => {
    const store = storeFor(200);
    let most = 0;
    for (let n = 1; n <= 300; n++) {
      const links = [{ traceId: trace(n - 1), spanId: span(1) }];
      store.addSpans(spans(oneSpan({ traceId: trace(n), links })));
      const held = ids(store.newestFirst()).length;
      expect(held).toBeGreaterThanOrEqual(most - 64);
      most = Math.max(most, held);
    }
    expect(most).toBeLessThan(300);
  });

  test("does not keep a trace that alone is larger than the store", () => {
    const store = storeFor(2);
    store.addSpans(spans(oneSpan({ attributes: [textAttribute("text", "x".repeat(store.limitBytes))] })));
    expect(ids(store.newestFirst())).toEqual([]);
    expect(store.bytes).toBe(0);
  });

  test("forgets everything about what has gone", () => {
    const store = storeFor(10);
    for (let n = 1; n <= 50; n++) {
      const attributes = [textAttribute("correlation.id", `c${n}`)];
      const links = [{ traceId: trace(1000 + n), spanId: span(1) }];
      store.addSpans(
        spans(oneSpan({ traceId: trace(n), name: `op ${n}`, attributes, links }, `service ${n}`)),
      );
      store.addLogs(logs(logRequest({ body: { stringValue: "x" }, attributes })));
    }
    store.addSpans(spans(oneSpan({ attributes: [textAttribute("text", "x".repeat(store.limitBytes))] })));
    expect(store.bytes).toBe(0);
    expect(store.indexSizes()).toEqual({ traces: 0, origins: 0, services: 0, entries: 0, links: 0 });
  });
});

test("the table of span ids knows every id that it was given, and no other", () => {
  const table = new SpanIds();
  const known = Array.from(
    { length: 5000 },
    (_, i) => [i % 3 ? Math.imul(i, 2654435761) >>> 0 : 0, i] as const,
  );
  for (const [high, low] of known.slice(1)) expect(table.add(high, low)).toBe(true);
  for (const [high, low] of known.slice(1)) expect(table.add(high, low)).toBe(false);
  expect(table.add(1, 4)).toBe(true);
});
