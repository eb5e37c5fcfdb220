import { describe, expect, it } from "vitest";
import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import { type Death, splitOrphans } from "./killed.ts";
import type { Span } from "./model.ts";
import { journeysOf } from "./shop.fixture.ts";
import { atMs, consumer, edge, key, linkTo, span } from "./spans.fixture.ts";

const LOCAL = 0x101;
const REMOTE = 0x301;

const death = (service: string, ms: number, instanceId = ""): Death => ({
  service,
  instanceId,
  atNs: atMs(ms),
});

/** The split of a journey that holds a root at 0 ms and one orphan. */
function split(orphan: Span, ...deaths: Death[]) {
  const [journey] = journeysOf([edge({ at: "a/root" }), orphan]);
  if (!journey) throw new Error("there is no journey");
  expect(journey.orphans).toEqual([key("a/orphan")]);
  return splitOrphans(journey, deaths);
}
const isExplained = { killed: [key("a/orphan")], orphans: [] };
const isNot = { killed: [], orphans: [key("a/orphan")] };

const inside = { ...span({ at: "a/orphan", parent: "lost", start: 1_000, service: "orders" }), flags: LOCAL };
const called = {
  ...span({ at: "a/orphan", parent: "lost", start: 1_000, kind: "SERVER", service: "orders" }),
  flags: REMOTE,
};

describe("an orphan is counted as killed", () => {
  it("when its own process died while the parent ran, or before it was sent", () => {
    expect(split(inside, death("orders", 1_200))).toEqual(isExplained);
  });

  it("when the process that called it died", () => {
    expect(split(called, death("gateway", 1_200))).toEqual(isExplained);
  });

  it("when the process that sent its message died, however long ago that was", () => {
    const late = {
      ...consumer({
        at: "a/orphan",
        parent: "lost",
        links: [linkTo("a/lost")],
        start: 90_000,
        attributes: { [BATON.waitOutbox]: 80, [BATON.waitStream]: 9 },
      }),
      flags: REMOTE,
    };
    expect(split(late, death("orders", 1_100))).toEqual(isExplained);
    expect(split(late, death("orders", 60_000))).toEqual(isNot);
  });
});

describe("what hangs by a link", () => {
  /** The split of a journey whose only other spans are `spans`. */
  const splitAll = (spans: Span[], ...deaths: Death[]) => {
    const [journey] = journeysOf([edge({ at: "a/root" }), ...spans]);
    if (!journey) throw new Error("there is no journey");
    return splitOrphans(journey, deaths);
  };

  it("is counted when whoever made its message died then, although its batch, its parent, is here", () => {
    const links = [linkTo("a/lost")];
    const receive = span({ at: "b/receive", service: "analytics", kind: "CLIENT", links, start: 9_000 });
    const waits = { [BATON.waitOutbox]: 7, [BATON.waitStream]: 1 };
    const process = consumer({
      at: "b/process",
      parent: "receive",
      service: "analytics",
      links,
      start: 9_000,
      attributes: waits,
    });
    const spans = [
      { ...receive, flags: LOCAL },
      { ...process, flags: LOCAL },
    ];
    const both = [key("b/process"), key("b/receive")];
    const sorted = ({ killed, orphans }: ReturnType<typeof splitAll>) => [
      killed.toSorted(),
      orphans.toSorted(),
    ];
    expect(sorted(splitAll(spans, death("orders", 1_100)))).toEqual([both, []]);
    expect(sorted(splitAll(spans, death("orders", 900)))).toEqual([[], both]);
  });

  it("is counted when it resumes what a killed process had begun in a trace of which something is here", () => {
    const resumed = span({ at: "b/resume", service: "orders", links: [linkTo("a/lost")], start: 18_000 });
    expect(splitAll([resumed], death("orders", 200)).orphans).toEqual([]);
    expect(splitAll([resumed]).orphans).toEqual([key("b/resume")]);
  });
});

describe("an orphan stays one", () => {
  it("without any death", () => {
    expect(split(inside)).toEqual(isNot);
  });

  it("when another process died than the one that it shares with its parent", () => {
    expect(split(inside, death("payments", 1_200))).toEqual(isNot);
    const instance = { ...inside, resource: { "service.instance.id": "two" } };
    expect(split(instance, death("orders", 1_200, "one"))).toEqual(isNot);
    expect(split(instance, death("orders", 1_200, "two"))).toEqual(isExplained);
  });

  it("when only the called process died: the caller would have told of it", () => {
    expect(split(called, death("orders", 1_200))).toEqual(isNot);
  });

  it("when the death came before it, or long after", () => {
    expect(split(inside, death("orders", 900))).toEqual(isNot);
    expect(split(inside, death("orders", 30_000))).toEqual(isNot);
  });
});
