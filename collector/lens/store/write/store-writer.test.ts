import { cpSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Hasher } from "../../otlp/hasher.ts";
import { oneSpan, textAttribute } from "../../otlp/requests.fixture.ts";
import { logRequest, newFolder, span, TestStore, trace, traceOf } from "../store.fixture.ts";

const spansOf = (store: TestStore, n: number): number =>
  [...(store.reader.trace(trace(n))?.spans() ?? [])].length;

describe("a span that comes again", () => {
  test("is stored once, also within one request", () => {
    const store = new TestStore();
    const request = oneSpan({ traceId: trace(1) }) as { resourceSpans: unknown[] };
    store.send({ resourceSpans: [...request.resourceSpans, ...request.resourceSpans] }, request);
    expect(spansOf(store, 1)).toBe(1);
    expect([store.counts.of("traces", "stored"), store.counts.of("traces", "duplicates")]).toEqual([1, 2]);
  });

  test("is known after a restart, and in a trace of thousands of spans", () => {
    const folder = newFolder();
    const before = new TestStore(folder);
    const many = Array.from({ length: 5_000 }, (_, i) => `op ${i % 7}`);
    before.send(traceOf(1, many), traceOf(2, ["one"]));
    before.close();
    const after = new TestStore(folder);
    after.send(traceOf(1, many), traceOf(2, ["one", "two"]));
    expect([spansOf(after, 1), spansOf(after, 2)]).toEqual([5_000, 2]);
    expect(after.counts.of("traces", "duplicates")).toBe(5_001);
  });

  test("replaces the one that had no end yet, and only that", () => {
    const store = new TestStore();
    const sent = (name: string, endTimeUnixNano: string) =>
      oneSpan({ traceId: trace(1), spanId: span(1), name, startTimeUnixNano: "100", endTimeUnixNano });
    store.send(
      sent("begun", "0"),
      sent("begun again", "0"),
      sent("ended", "200"),
      sent("ended again", "300"),
    );
    const names = Array.from(store.reader.trace(trace(1))?.spans() ?? [], ({ bytes }) =>
      bytes.toString("latin1"),
    );
    expect(names).toEqual([expect.stringMatching(/ended(?! again)/)]);
    expect([store.counts.of("traces", "stored"), store.counts.of("traces", "duplicates")]).toEqual([1, 3]);
  });

  test("is another one when a client and a server share it, as Zipkin's do", () => {
    const store = new TestStore();
    for (const kind of [3, 2, 3]) store.send(oneSpan({ traceId: trace(1), spanId: span(1), kind }));
    expect(spansOf(store, 1)).toBe(2);
  });

  test("is another one in another trace", () => {
    const store = new TestStore();
    store.send(oneSpan({ traceId: trace(1) }), oneSpan({ traceId: trace(2) }));
    expect(store.counts.of("traces", "duplicates")).toBe(0);
  });
});

test("a request of repeated spans alone leaves no trace, resource or operation behind", () => {
  const store = new TestStore();
  store.send(oneSpan({ name: "first" }, "one"), oneSpan({ name: "second" }, "one"));
  expect(store.reader.operations("one").map(({ name }) => name)).toEqual(["first"]);
  expect(store.ids()).toHaveLength(1);
});

describe("what was stored", () => {
  test("is there again when the store is opened again, in its order, with what belongs to no trace", () => {
    const folder = newFolder();
    const before = new TestStore(folder);
    for (let n = 1; n <= 300; n++) before.send(traceOf(n, ["a", "b"], n % 2 ? "one" : "two"));
    before.sendLogs(logRequest({ body: { stringValue: "loose" } }));
    const seen = before.ids();
    before.close();
    const after = new TestStore(folder);
    expect(after.ids()).toEqual(seen);
    expect(after.reader.services()).toEqual(["one", "two"]);
    expect(spansOf(after, 17)).toBe(2);
    expect(after.counts.of("traces", "stored")).toBe(600);
    after.send(traceOf(301, ["a"], "one"));
    expect(after.ids()).toEqual([trace(301), ...seen]);
    expect(after.reader.operations("one")).toHaveLength(2);
  });

  test("is there after the process died at any moment after its commit, and nothing is broken", () => {
    const folder = newFolder();
    const before = new TestStore(folder);
    for (let n = 1; n <= 40; n++) before.send(traceOf(n, ["a", "b", "c"]));
    before.writer.take(before.batch("traces", traceOf(41, ["never committed"])));
    // What the disk holds at this moment is what a killed process leaves.
    const killed = newFolder();
    cpSync(folder, killed, { recursive: true });
    const after = new TestStore(killed);
    expect(after.ids()).toEqual(Array.from({ length: 40 }, (_, i) => trace(40 - i)));
    expect(spansOf(after, 40)).toBe(3);
    expect(after.store.database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  });

  test("is not opened by a second lens", () => {
    const folder = newFolder();
    new TestStore(folder);
    expect(() => new TestStore(folder)).toThrow(`another lens has its store in ${folder}`);
  });
});

describe("a disk that is full", () => {
  test("loses nothing of what was taken: it is written when there is room", () => {
    const store = new TestStore();
    store.send(traceOf(1, ["before"]));
    const pages = store.store.database.prepare("PRAGMA page_count").get()?.page_count;
    store.store.database.exec(`PRAGMA max_page_count = ${Number(pages)}`);
    const long = [textAttribute("text", Array.from({ length: 5_000 }, () => crypto.randomUUID()).join(""))];
    for (let n = 2; n <= 4; n++)
      store.writer.take(store.batch("traces", oneSpan({ traceId: trace(n), attributes: long })));
    expect(store.writer.commit()).toBe(false);
    expect(String(store.writer.failure)).toMatch(/full/);
    expect(store.ids()).toEqual([trace(1)]);
    expect(store.writer.commit()).toBe(false);
    store.store.database.exec("PRAGMA max_page_count = 1000000");
    expect(store.writer.commit()).toBe(true);
    expect(store.ids()).toEqual([4, 3, 2, 1].map(trace));
    expect(store.counts.of("traces", "stored")).toBe(4);
    expect(store.writer.pendingBytes).toBe(0);
  });

  test("a request that cannot be written whatever the disk says is told of, and loses no other", () => {
    const lost: unknown[] = [];
    const store = new TestStore(newFolder(), { onLost: (_, error) => lost.push(error) });
    const good = store.batch("traces", traceOf(2, ["a"]));
    const wrong = { ...good, items: good.items.map(() => 2 ** 30) };
    for (const batch of [
      store.batch("traces", traceOf(1, ["a"])),
      wrong,
      store.batch("traces", traceOf(3, ["a"])),
    ])
      store.writer.take(batch);
    store.commit();
    expect(store.ids()).toEqual([3, 1].map(trace));
    expect(lost).toHaveLength(1);
  });
});

test("ids that are chosen to meet cost no more than others", () => {
  const ids = (choose: (n: number) => string) =>
    Array.from({ length: 5_000 }, (_, n) => ({ spanId: choose(n + 1), traceId: trace(1) }));
  // Under a hash of words these all meet: each differs from the next in the same bits of both halves.
  const alike = ids((n) => n.toString(16).padStart(8, "0").repeat(2));
  const hasher = new Hasher(Buffer.from("a secret of 32 bytes, more or les"));
  const places = new Set(
    alike.map(({ spanId }) => {
      const bytes = Buffer.from(spanId, "hex");
      return hasher.spanId(bytes.readInt32BE(0), bytes.readInt32BE(4)) % 8_192;
    }),
  );
  // As many places as chance would give: 8,192 * (1 - e^(-5,000 / 8,192)) = 3,742.
  expect(places.size).toBeGreaterThan(3_500);
});
