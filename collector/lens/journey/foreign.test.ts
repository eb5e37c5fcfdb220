/** Other people's applications, of which lens is told nothing. */
import { describe, expect, it } from "vitest";
import { ATTR } from "../../../services/_kit/telemetry/conventions.ts";
import { type Journey, keyOf, type Span } from "./model.ts";
import { GENERIC } from "./rules.ts";
import { sourceOf } from "./source.ts";
import {
  atMs,
  by,
  consumer,
  create,
  id,
  key,
  linkTo,
  message,
  type SpanWords,
  span,
} from "./spans.fixture.ts";
import { Traces } from "./stitch/traces.ts";
import { finish, Work } from "./stitch/work.ts";
import { journeyIn, journeyOf, journeysOf } from "./stitch.ts";

const server = (words: SpanWords): Span => span({ kind: "SERVER", service: "web", ...words });
const plain = (to: string) => linkTo(to, "");
const names = (journey: Journey | undefined) => journey?.spans.map((s) => s.span.name);
const remote = (one: Span): Span => ({ ...one, flags: 0x301 });

/** The journey at a span or trace, and the keys of the others that are named with it. */
function found(spans: Span[], at: string) {
  const [trace = "", own] = at.split("/");
  const traces = new Traces(sourceOf(spans), GENERIC, new Work());
  return finish(
    journeyIn(traces, { traceId: id(trace, 32), ...(own !== undefined && { spanId: id(own, 16) }) }),
  );
}

describe("a batch that links to two producers", () => {
  const spans = [
    create({ at: "a/publish-a", service: "mailer" }),
    create({ at: "b/publish-b", service: "mailer", start: 1 }),
    consumer({
      at: "c/batch",
      service: "worker",
      start: 9,
      end: 15,
      links: [plain("a/publish-a"), plain("b/publish-b")],
    }),
    span({
      at: "c/store",
      parent: "batch",
      kind: "CLIENT",
      service: "worker",
      start: 10,
      status: "ERROR",
      statusMessage: "no room",
    }),
  ];

  it("is in the journey of each, with what it set off, and its failed child is the cause of each", () => {
    const journeys = journeysOf(spans);
    expect(journeys.map(names)).toEqual([
      ["publish-a", "batch", "store"],
      ["publish-b", "batch", "store"],
    ]);
    for (const journey of journeys)
      expect(journey.cause).toMatchObject({ name: "store", message: "no room" });
    expect(by(journeys[0], "store")).toMatchObject({ shared: true, under: key("c/batch"), edge: "child" });
  });

  it("stretches each to its own end", () => {
    expect(journeysOf(spans).map((j) => j.endNs)).toEqual([atMs(15), atMs(15)]);
  });

  it("leads from its own trace to both", () => {
    const answer = found(spans, "c");
    expect([answer?.journey.rootKey, answer?.others]).toEqual([key("a/publish-a"), [key("b/publish-b")]]);
  });

  it("carries on over what links to it, and below that", () => {
    const later = [
      span({ at: "d/after", start: 20, links: [plain("c/batch")] }),
      span({ at: "d/below", parent: "after" }),
    ];
    expect(names(journeysOf([...spans, ...later])[0])).toEqual([
      "publish-a",
      "batch",
      "store",
      "after",
      "below",
    ]);
  });
});

describe("a trace with several roots", () => {
  const spans = [
    server({ at: "a/first", end: 4 }),
    server({ at: "a/second", start: 40, end: 44 }),
    span({ at: "a/work", parent: "second", service: "web", start: 41 }),
  ];

  it("has a journey for each, and each leads to the others", () => {
    expect(journeysOf(spans).map((j) => j.rootKey)).toEqual([key("a/first"), key("a/second")]);
    const first = found(spans, "a");
    expect([first?.journey.rootKey, first?.others]).toEqual([key("a/first"), [key("a/second")]]);
    const second = found(spans, "a/work");
    expect([second?.journey.rootKey, second?.others]).toEqual([key("a/second"), [key("a/first")]]);
  });

  it("has one for each request of a caller outside, whose spans never come", () => {
    const requests = ["one", "two", "three"].map((own, i) =>
      remote(server({ at: `a/${own}`, parent: "browser", start: i * 10 })),
    );
    const journeys = journeysOf(requests);
    expect(journeys).toHaveLength(3);
    for (const journey of journeys)
      expect(journey).toMatchObject({ external: true, settled: true, orphans: [] });
    expect(found(requests, "a")?.others).toEqual([key("a/two"), key("a/three")]);
  });
});

describe("what never comes", () => {
  const alone = (one: Span) => journeysOf([one])[0];
  const link = (traceId: string, spanId: string) => ({ traceId, spanId, attributes: {} });

  it.each([
    ["zeros", link("0".repeat(32), "0".repeat(16))],
    ["a short trace id", link("abc", "1".repeat(16))],
    ["a short span id", link("1".repeat(32), "1")],
    ["nothing", link("", "")],
  ])("is what a link of %s leads to: the journey is settled", (_, wrong) => {
    for (const kind of ["INTERNAL", "SERVER", "CONSUMER"] as const)
      expect(alone(span({ at: "a/one", kind, links: [wrong] }))).toMatchObject({
        settled: true,
        rootMissing: false,
      });
  });

  it("is a linked trace that was not sampled: consumer and public endpoint begin journeys of their own", () => {
    for (const kind of ["SERVER", "CONSUMER"] as const)
      expect(alone(span({ at: "a/one", kind, links: [plain("z/never")] }))).toMatchObject({
        ...{ settled: true, rootMissing: false, external: false },
      });
  });

  it("is the parent of a span whose flags say that it was in another process; it is waited for otherwise", () => {
    const one = span({ at: "a/one", parent: "outside", kind: "SERVER" });
    expect(alone(remote(one))).toMatchObject({ settled: true, external: true, rootMissing: false });
    expect(alone(one)).toMatchObject({ settled: false, external: false, rootMissing: true });
  });

  it("is no reason to tear off what an incomplete trace has left: it stays with the root, as an orphan", () => {
    const [journey, ...others] = journeysOf([
      server({ at: "a/root" }),
      remote(server({ at: "a/called", parent: "lost", start: 1 })),
    ]);
    expect(others).toEqual([]);
    expect(journey?.orphans).toEqual([key("a/called")]);
  });
});

describe("a message is consumed", () => {
  const root = server({ at: "a/root", end: 5 });
  const sent = create({ at: "a/send", parent: "root", start: 2, attributes: message("m-1") });
  const settled = (...spans: Span[]) => journeysOf([root, sent, ...spans])[0];

  it("by what links to it or hangs below it, without any id", () => {
    expect(settled()).toMatchObject({ settled: false, inFlight: ["m-1"] });
    const linked = consumer({ at: "b/process", start: 9, links: [plain("a/send")] });
    expect(settled(linked)).toMatchObject({ settled: true, inFlight: [] });
    expect(settled(consumer({ at: "a/process", parent: "send", start: 9 }))).toMatchObject({ settled: true });
  });

  it("by what takes it from the call that sent it", () => {
    const call = span({ at: "a/call", parent: "send", kind: "CLIENT", start: 3 });
    expect(settled(call, consumer({ at: "a/process", parent: "call", start: 9 }))).toMatchObject({
      settled: true,
    });
  });

  it("by a twin that was redriven under another id", () => {
    const twin = consumer({
      at: "b/twin",
      start: 90,
      links: [plain("a/send")],
      attributes: message("m-1-redrive-1"),
    });
    expect(settled(twin)).toMatchObject({ settled: true, inFlight: [] });
  });

  it("but not by one that failed", () => {
    const failed = consumer({ at: "b/process", start: 9, links: [plain("a/send")], status: "ERROR" });
    expect(settled(failed)?.inFlight).toEqual(["m-1"]);
  });

  it("but not by what hangs on the request that sent it", () => {
    expect(settled(consumer({ at: "a/other", parent: "root", start: 9 }))?.inFlight).toEqual(["m-1"]);
  });
});

describe("spans under one id", () => {
  it("count as the one that ended, when it came at its start and again at its end", () => {
    const ended = server({ at: "a/one", end: 70, status: "ERROR", statusMessage: "late" });
    const begun = { ...ended, endNs: 0n, status: "UNSET" as const, statusMessage: "" };
    for (const spans of [
      [begun, ended],
      [ended, begun, begun],
    ]) {
      const [journey] = journeysOf(spans);
      expect(journey).toMatchObject({
        repeated: 1,
        unfinished: [],
        endNs: atMs(70),
        cause: { message: "late" },
      });
    }
  });

  it("are two halves when they are a call and its answer, as Zipkin shares ids, and each keeps its children", () => {
    const spans = [
      span({ at: "a/call", kind: "CLIENT", service: "front", end: 20 }),
      server({ at: "a/call", name: "answer", service: "back", start: 2, end: 9 }),
      span({ at: "a/store", parent: "call", service: "back", start: 3 }),
      span({ at: "a/read", parent: "call", service: "front", start: 15 }),
    ];
    for (const order of [spans, spans.toReversed()]) {
      const [journey, ...others] = journeysOf(order);
      expect(others).toEqual([]);
      expect(journey?.spans.map((s) => [s.span.name, s.depth])).toEqual([
        ["call", 0],
        ["answer", 1],
        ["store", 2],
        ["read", 1],
      ]);
      expect(journey?.repeated).toBe(0);
    }
  });
});

it("is the same for every order, where one span is in the journey of its parent and in that of its link", () => {
  const spans = [
    create({ at: "a/send" }),
    span({ at: "b/poll", service: "worker" }),
    span({ at: "b/handle", parent: "poll", service: "worker", start: 3, links: [plain("a/send")] }),
    span({ at: "b/below", parent: "handle", service: "worker", start: 4 }),
  ];
  const journeys = journeysOf(spans);
  expect(journeys.map(names)).toEqual([
    ["send", "handle", "below"],
    ["poll", "handle", "below"],
  ]);
  expect(journeys.map((j) => by(j, "below")?.shared)).toEqual([true, false]);
  expect(journeysOf(spans.toReversed())).toEqual(journeys);
  expect(journeyOf(sourceOf(spans), id("b", 32))?.rootKey).toBe(keyOf(spans[1] ?? (spans[0] as Span)));
});

it("a message's attributes are read by their older names, too", () => {
  const older = { "messaging.message_id": "old", "messaging.destination": "orders" };
  const [journey] = journeysOf([create({ at: "a/send", attributes: older })]);
  expect(journey?.inFlight).toEqual(["old"]);
  expect(ATTR.messageId).not.toBe("messaging.message_id");
});
