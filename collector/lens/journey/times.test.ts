import { describe, expect, it } from "vitest";
import type { Span } from "./model.ts";
import { atMs, consumer, create, key, linkTo, message, type SpanWords, span } from "./spans.fixture.ts";
import { journeysOf } from "./stitch.ts";

const front = (words: SpanWords): Span => span({ kind: "SERVER", service: "front", ...words });
const back = (words: SpanWords): Span => span({ kind: "SERVER", service: "back", ...words });
const first = (...spans: Span[]) => journeysOf(spans)[0];
const lastingMs = (...spans: Span[]) => {
  const journey = first(...spans);
  return journey && Number(journey.endNs - journey.startNs) / 1e6;
};

describe("a span that has not ended", () => {
  const open = { ...front({ at: "a/open" }), endNs: 0n };

  it("lasts no time below 0, and its journey is not settled", () => {
    expect(lastingMs(open)).toBe(0);
    expect(first(open)).toMatchObject({
      settled: false,
      unfinished: [key("a/open")],
      startNs: atMs(0),
      endNs: atMs(0),
    });
    expect(lastingMs(open, back({ at: "a/call", parent: "open", start: 3, end: 8 }))).toBe(8);
  });

  it("ends its journey's openness with the version that ended", () => {
    expect(first(open, front({ at: "a/open", end: 7 }))).toMatchObject({ settled: true, unfinished: [] });
  });
});

it("a span that ends before it starts takes no time", () => {
  expect(lastingMs(front({ at: "a/odd", start: 5, end: 1 }))).toBe(0);
});

describe("a clock that is five seconds behind", () => {
  const root = front({ at: "a/root", end: 20 });
  const call = back({ at: "a/call", parent: "root", start: -5_000, end: -4_990 });

  it("is estimated and marked, and does not stretch the journey; its spans keep their times", () => {
    const journey = first(root, call);
    expect(lastingMs(root, call)).toBe(20);
    expect(journey?.skews).toEqual([
      { service: "back", instance: "", behindMs: 5_005, restsOn: key("a/call") },
    ]);
    expect(journey?.spans[1]?.span.startNs).toBe(atMs(-5_000));
  });

  it("goes on to what that process calls, and back", () => {
    const deeper = span({
      at: "a/deep",
      parent: "call",
      service: "store",
      kind: "SERVER",
      start: -4_998,
      end: -4_992,
    });
    expect(first(root, call, deeper)?.skews.map(({ service, behindMs }) => [service, behindMs])).toEqual([
      ["back", 5_005],
      ["store", 5_005],
    ]);
    expect(lastingMs(root, call, deeper)).toBe(20);
  });

  it("is told by a message, too, by its beginning alone", () => {
    const send = create({ at: "a/send", service: "front" });
    const process = consumer({
      at: "b/process",
      service: "back",
      start: -5_000,
      links: [linkTo("a/send", "")],
    });
    expect(first(send, process)?.skews).toMatchObject([{ service: "back", behindMs: 5_000 }]);
  });

  it("is told of one replica and not of the other", () => {
    const at = (one: Span, instance: string): Span => ({
      ...one,
      resource: { "service.instance.id": instance },
    });
    const fits = at(back({ at: "a/fits", parent: "root", start: 3, end: 6 }), "two");
    expect(first(root, at(call, "one"), fits)?.skews).toMatchObject([{ instance: "one" }]);
  });
});

describe("clocks fit", () => {
  it("when a call begins within its caller, however long it goes on", () => {
    expect(
      first(front({ at: "a/root", end: 5 }), back({ at: "a/call", parent: "root", start: 3, end: 90 }))
        ?.skews,
    ).toEqual([]);
  });

  it("when the difference is what machines and SDKs round", () => {
    expect(
      first(front({ at: "a/root", end: 20 }), back({ at: "a/call", parent: "root", start: -2, end: 9 }))
        ?.skews,
    ).toEqual([]);
  });

  it("within one process, whatever its spans say", () => {
    const odd = front({ at: "a/odd", parent: "root", start: -5_000, end: -4_990 });
    expect(first(front({ at: "a/root", end: 20 }), odd)?.skews).toEqual([]);
  });
});

describe("an estimated wait", () => {
  const send = create({ at: "a/send", service: "shop", end: 2 });
  const process = (words: Partial<SpanWords> = {}) =>
    consumer({ at: "b/process", service: "worker", start: 252, links: [linkTo("a/send", "")], ...words });
  const waits = (...spans: Span[]) =>
    first(...spans)?.waits.map((w) => [w.kind, w.startNs, w.endNs, w.estimated, w.restsOn, w.from]);

  it("is the gap from a message's send to its process, by link or parent, and says what it rests on", () => {
    expect(waits(send, process())).toEqual([["message", atMs(2), atMs(252), true, "link", key("a/send")]]);
    const child = consumer({ at: "a/process", parent: "send", service: "worker", start: 252 });
    expect(waits(send, child)).toEqual([["message", atMs(2), atMs(252), true, "parent", key("a/send")]]);
  });

  it("is a job's or a stream's by the system that carries it", () => {
    expect(waits(send, process({ attributes: { "bullmq.queue.name": "mail" } }))?.[0]?.[0]).toBe("job");
    expect(waits(send, process({ attributes: { "messaging.system": "kafka" } }))?.[0]?.[0]).toBe("stream");
  });

  it("ends at the batch that took the message, in each journey", () => {
    const other = create({ at: "c/other", service: "shop", start: 100, end: 101 });
    const batch = process({ links: [linkTo("a/send", ""), linkTo("c/other", "")] });
    expect(journeysOf([send, other, batch]).map((j) => j.waits.map((w) => w.startNs))).toEqual([
      [atMs(2)],
      [atMs(101)],
    ]);
  });

  it("begins at the run before for what is tried or runs again", () => {
    const again = process({ at: "c/process", name: "process", start: 900 });
    expect(waits(send, process({ end: 300 }), again)?.[1]).toEqual([
      ...["message", atMs(300), atMs(900), true, "previous", key("b/process")],
    ]);
  });

  it("is none where the span has measured it, where there is no gap, and for what sends nothing", () => {
    expect(waits(send, process({ attributes: message("m", { "baton.wait.stream": 0 }) }))).toEqual([]);
    expect(waits(send, process({ start: 2 }))).toEqual([]);
    expect(waits(front({ at: "a/root" }), consumer({ at: "a/process", parent: "root", start: 50 }))).toEqual(
      [],
    );
  });

  it("is not before a receive whose messages' own spans have measured it", () => {
    const receive = process({
      at: "c/receive",
      start: 250,
      attributes: { "messaging.operation.type": "receive" },
    });
    expect(waits(send, receive)?.map(([, , , estimated]) => estimated)).toEqual([true]);
    const told = process({ attributes: message("m", { "baton.wait.stream": 0.1 }) });
    expect(waits(send, receive, told)?.map(([, , , estimated]) => estimated)).toEqual([false]);
  });

  it("goes by the clock of the root where those do not fit", () => {
    const early = process({ start: -5_000, end: -4_900 });
    expect(waits(send, early)).toEqual([]);
    const measured = first(send, early, process({ at: "c/process", start: -4_700 }));
    expect(measured?.skews).toMatchObject([{ behindMs: 5_000 }]);
  });
});
