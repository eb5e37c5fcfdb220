import { describe, expect, it } from "vitest";
import { ATTR, BATON } from "../../../services/_kit/telemetry/conventions.ts";
import { complete } from "./complete.ts";
import type { Hop, Journey, Span } from "./model.ts";
import { journeysOf } from "./shop.fixture.ts";
import { acked, linkTo, message, type SpanWords, span } from "./spans.fixture.ts";

const root = span({ at: "a/root", service: "gateway", kind: "SERVER" });
const create = (messageId: string): Span =>
  span({ at: `a/create-${messageId}`, parent: "root", kind: "PRODUCER", attributes: message(messageId) });
const process = (messageId: string, words: Partial<SpanWords> = {}): Span =>
  span({
    at: `a/process-${messageId}`,
    parent: `create-${messageId}`,
    kind: "CONSUMER",
    service: "shipping",
    name: "process X",
    attributes: acked(messageId),
    ...words,
  });
const ending = (outcome: string) => ({ attributes: message("m", { [BATON.outcome]: outcome }) });

function only(...spans: Span[]): Journey {
  const [journey] = journeysOf([root, ...spans]);
  if (!journey) throw new Error("no journey");
  return journey;
}

describe("a journey is settled", () => {
  it.each(["ack", "dead-letter"])("when its message ended with %s", (outcome) => {
    expect(only(create("m"), process("m", ending(outcome)))).toMatchObject({ settled: true, inFlight: [] });
  });

  it("when software without our attribute consumed its message without an error", () => {
    const unmarked = { attributes: message("m") };
    expect(only(create("m"), process("m", unmarked)).settled).toBe(true);
    expect(only(create("m"), process("m", { ...unmarked, status: "ERROR" })).settled).toBe(false);
  });

  it("when every group that is known to consume its message is done with it, and not before", () => {
    const consumers = new Map([["events.X", ["shipping", "email"]]]);
    const sent = span({
      at: "a/create-m",
      parent: "root",
      kind: "PRODUCER",
      attributes: message("m", { [ATTR.destinationTemplate]: "events.X" }),
    });
    const by = (group: string) =>
      process("m", { at: `a/${group}`, attributes: acked("m", { [ATTR.consumerGroup]: group }) });
    const settled = (...spans: Span[]) => journeysOf([root, sent, ...spans], { consumers })[0]?.settled;
    expect(settled()).toBe(false);
    expect(settled(by("shipping"))).toBe(false);
    expect(settled(by("shipping"), by("stranger"))).toBe(false);
    expect(settled(by("shipping"), by("email"))).toBe(true);
  });

  it("but not while an attempt will come again, naming the message in flight", () => {
    expect(only(create("m"), process("m", ending("retry")))).toMatchObject({
      settled: false,
      inFlight: ["m"],
    });
  });

  it("but not on the word of the relay that sent the message", () => {
    const send = span({ at: "a/send", parent: "create-m", kind: "CLIENT", attributes: acked("m") });
    expect(only(create("m"), send).inFlight).toEqual(["m"]);
  });

  it("whatever a batch over several journeys has sent", () => {
    const links = [linkTo("a/create-m"), linkTo("z/other")];
    const shared = span({ at: "b/send", kind: "PRODUCER", links, attributes: message("other") });
    expect(only(create("m"), process("m"), shared)).toMatchObject({ settled: true, inFlight: [] });
  });

  it("when a span over a whole batch names the message on its link", () => {
    const link = {
      ...linkTo("a/create-m"),
      attributes: { ...linkTo("a/create-m").attributes, ...message("m") },
    };
    const batch = span({ at: "b/batch", kind: "CONSUMER", links: [link] });
    expect(only(create("m"), batch).inFlight).toEqual([]);
  });
});

describe("a journey is complete", () => {
  const hop: Hop = { service: "shipping", name: "process X", kind: "CONSUMER" };

  it("when it is settled and every promised hop is there", () => {
    expect(complete(only(create("m"), process("m")), [hop])).toEqual({ complete: true, missing: [] });
  });

  it("but not without a promised hop, which it names, and the kind counts", () => {
    const other: Hop = { ...hop, kind: "CLIENT" };
    expect(complete(only(create("m"), process("m")), [hop, other])).toEqual({
      complete: false,
      missing: [other],
    });
  });

  it("but not while a message is in flight", () => {
    expect(complete(only(create("m"), process("m"), create("n")), [hop]).complete).toBe(false);
  });

  it("but not when a hop dropped the context and only the correlation id found the consumer", () => {
    const correlated = { [BATON.correlationId]: "c" };
    const lost = process("m", { at: "l/lost", attributes: acked("m", correlated) });
    const [journey] = journeysOf([
      { ...root, attributes: correlated },
      create("m"),
      { ...lost, parentSpanId: "" },
    ]);
    expect(journey?.settled).toBe(true);
    expect(journey && complete(journey, [hop])).toEqual({ complete: false, missing: [] });
  });
});
