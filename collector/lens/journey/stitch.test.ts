import { describe, expect, it } from "vitest";
import { BATON, LINK } from "../../../services/_kit/telemetry/conventions.ts";
import { journeyOf, journeysOf } from "./shop.fixture.ts";
import { sourceOf } from "./source.ts";
import {
  acked,
  by,
  consumer,
  correlated,
  create,
  edge,
  id,
  key,
  linkTo,
  message,
  span,
} from "./spans.fixture.ts";

/** A checkout whose event is consumed in a trace of its own. */
const linked = [
  edge({ at: "a/root" }),
  create({ at: "a/create", parent: "root", start: 1, attributes: message("m1") }),
  consumer({ at: "b/process", start: 5, links: [linkTo("a/create")], attributes: acked("m1") }),
  span({ at: "b/work", parent: "process", start: 6 }),
];

describe("where a journey begins", () => {
  it("is found from a consumer's own trace", () => {
    const journey = journeyOf(sourceOf(linked), id("b", 32));
    expect(journey).toMatchObject({
      id: id("a", 32),
      rootKey: key("a/root"),
      traceIds: [id("a", 32), id("b", 32)],
    });
    expect(journey).toEqual(journeyOf(sourceOf(linked), id("a", 32)));
  });

  it("is null for a trace that nobody has seen", () => {
    expect(journeyOf(sourceOf(linked), id("z", 32))).toBeNull();
  });

  it("is at the edge, marked external, when the edge's parent is a caller outside", () => {
    const journey = journeyOf(sourceOf([edge({ at: "a/root", parent: "caller" })]), id("a", 32));
    expect(journey).toMatchObject({ external: true, rootMissing: false, orphans: [], settled: true });
  });

  it("is at the edge when the edge restarts the trace and links to its caller", () => {
    const other = [
      edge({ at: "x/caller" }),
      edge({ at: "a/root", links: [linkTo("x/caller", LINK.caller)] }),
    ];
    expect(
      journeysOf(other)
        .map((j) => j.rootKey)
        .sort(),
    ).toEqual([key("a/root"), key("x/caller")].sort());
  });

  it("is at the caller when the caller of the edge is one of ours", () => {
    const spans = [span({ at: "a/k6", kind: "CLIENT" }), edge({ at: "a/root", parent: "k6", start: 1 })];
    expect(journeysOf(spans)).toMatchObject([{ rootKey: key("a/k6"), external: false }]);
  });

  it("is two journeys when one caller outside makes two requests in one trace", () => {
    const spans = ["one", "two"].map((own) => edge({ at: `a/${own}`, parent: "caller" }));
    expect(journeysOf(spans).map((j) => j.spans.length)).toEqual([1, 1]);
  });

  it("follows the edges that it is told", () => {
    const spans = [span({ at: "a/front", kind: "SERVER", service: "web", parent: "caller" })];
    expect(journeysOf(spans)).toMatchObject([{ rootMissing: true }]);
    expect(journeysOf(spans, { edges: new Set(["web"]) })).toMatchObject([
      { rootMissing: false, external: true },
    ]);
  });

  it("is a replay's own root, though that links to the old creation context", () => {
    const replay = create({
      at: "r/replay",
      start: 9,
      links: [linkTo("a/create")],
      attributes: { [BATON.replay]: true },
    });
    const journeys = journeysOf([...linked, replay, span({ at: "r/work", parent: "replay", start: 9 })]);
    expect(journeys.map((j) => [j.rootKey, j.spans.length])).toEqual([
      [key("a/root"), 4],
      [key("r/replay"), 2],
    ]);
  });

  it("stays with the old journey for a redrive", () => {
    const links = [linkTo("a/create"), linkTo("b/process", LINK.previousAttempt)];
    const journey = journeysOf([...linked, consumer({ at: "d/redrive", start: 9, links })])[0];
    expect(by(journey, "redrive")).toMatchObject({ under: key("a/create"), edge: "link" });
  });

  it("is stood in for by the earliest orphan while the root has not arrived", () => {
    const spans = [
      span({ at: "a/late", parent: "root", start: 3 }),
      span({ at: "a/early", parent: "root", start: 1 }),
    ];
    const expected = { rootKey: key("a/early"), rootMissing: true, external: false, settled: false };
    expect(journeysOf(spans)).toMatchObject([expected]);
  });
});

describe("how a span hangs", () => {
  it("is a child that is also linked in the mode parent+link", () => {
    const process = consumer({ at: "a/process", parent: "create", start: 5, links: [linkTo("a/create")] });
    const journey = journeysOf([...linked.slice(0, 2), process])[0];
    expect(by(journey, "process")).toMatchObject({ under: key("a/create"), edge: "child", alsoLinked: true });
  });

  it("is a plain child without a link, and a link without a parent", () => {
    const process = consumer({ at: "a/process", parent: "create", start: 5 });
    const child = by(journeysOf([...linked.slice(0, 2), process])[0], "process");
    expect(child).toMatchObject({ edge: "child", alsoLinked: false });
    expect(by(journeysOf(linked)[0], "process")).toMatchObject({ edge: "link", alsoLinked: false });
  });

  it("is under the creation context for a later attempt, beside the attempt before", () => {
    const links = [linkTo("b/process", LINK.previousAttempt), linkTo("a/create")];
    const journey = journeysOf([...linked, consumer({ at: "c/again", start: 9, links })])[0];
    expect(by(journey, "again")).toMatchObject({ under: key("a/create"), edge: "link" });
  });

  it("does not leave its parent for the attempt before, when only that is linked", () => {
    const first = consumer({ at: "a/first", parent: "create", start: 3 });
    const links = [linkTo("a/first", LINK.previousAttempt)];
    const second = consumer({ at: "a/second", parent: "create", start: 4, links });
    const journey = journeysOf([...linked.slice(0, 2), first, second])[0];
    expect(by(journey, "second")).toMatchObject({ under: key("a/create"), edge: "child", alsoLinked: false });
  });

  it("is under the attempt before when nothing else is known", () => {
    const links = [linkTo("b/process", LINK.previousAttempt)];
    const journey = journeysOf([...linked, consumer({ at: "c/again", start: 9, links })])[0];
    expect(by(journey, "again")).toMatchObject({ under: key("b/process"), edge: "link", orphan: false });
  });

  it("is under the earliest of several that it links to in one journey", () => {
    const second = create({ at: "a/second", parent: "root", start: 2 });
    for (const links of [
      ["a/second", "a/create"],
      ["a/create", "a/second"],
    ]) {
      const both = span({ at: "c/both", links: links.map((to) => linkTo(to)), start: 9 });
      const journey = journeysOf([...linked, second, both])[0];
      expect(by(journey, "both")).toMatchObject({ under: key("a/create"), shared: false });
    }
  });

  it("is under the earliest also when a clock is wrong and a child starts before its parent", () => {
    const late = span({ at: "a/late", parent: "root", start: 5 });
    const early = create({ at: "a/early", parent: "late", start: 0.5 });
    const both = span({ at: "c/both", links: [linkTo("a/create"), linkTo("a/early")], start: 9 });
    expect(by(journeysOf([...linked, late, early, both])[0], "both")?.under).toBe(key("a/early"));
  });

  it("is not changed by a link to itself", () => {
    const [journey] = journeysOf([span({ at: "a/alone", links: [linkTo("a/alone")] })]);
    expect(journey).toMatchObject({ rootMissing: false, settled: true });
  });

  it("is by correlation for a consumer that lost its context, and its children come with it", () => {
    const lost = consumer({ at: "l/lost", start: 9, attributes: correlated("c") });
    const spans = [
      edge({ at: "a/root", attributes: correlated("c") }),
      lost,
      span({ at: "l/work", parent: "lost" }),
    ];
    const journey = journeyOf(sourceOf(spans), id("l", 32));
    expect(by(journey, "lost")).toMatchObject({ under: key("a/root"), edge: "correlation", orphan: false });
    expect(by(journey, "work")).toMatchObject({ under: key("l/lost"), edge: "child" });
  });

  it("is by correlation, as an orphan, for a consumer with a parent that never was", () => {
    const lost = consumer({ at: "l/lost", parent: "nobody", start: 9, attributes: correlated("c") });
    const journeys = journeysOf([edge({ at: "a/root", attributes: correlated("c") }), lost]);
    expect(journeys).toHaveLength(1);
    expect(by(journeys[0], "lost")).toMatchObject({ edge: "correlation", orphan: true });
  });

  it.each([
    ["ten minutes after its root", 600_000, 1],
    ["ten minutes and a microsecond after", 600_000.001, 2],
  ])("counts a correlation id %s: %s ms, journeys %s", (_, start, journeys) => {
    const lost = consumer({ at: "l/lost", start, attributes: correlated("c") });
    expect(journeysOf([edge({ at: "a/root", attributes: correlated("c") }), lost])).toHaveLength(journeys);
  });

  it("never lets a correlation id bring in a second root at the edge, nor anything but consumers", () => {
    const at = ["a/one", "b/two"].map((where) => edge({ at: where, attributes: correlated("c") }));
    const stray = span({ at: "s/stray", kind: "SERVER", attributes: correlated("c") });
    expect(journeysOf([...at, stray]).map((j) => j.spans.length)).toEqual([1, 1, 1]);
  });

  it("gives a lost consumer to the last of several requests with its correlation id that came before it", () => {
    const roots = ["a/one", "b/two", "c/three"].map((at, i) =>
      edge({ at, start: i * 10, attributes: correlated("c") }),
    );
    const lost = consumer({ at: "l/lost", start: 15, attributes: correlated("c") });
    expect(journeysOf([...roots, lost]).map((j) => j.spans.length)).toEqual([1, 2, 1]);
  });

  it("gives a lost consumer to the edge's root, not to a call that lost its context too", () => {
    const root = edge({ at: "a/root", attributes: correlated("c") });
    const stray = span({ at: "s/stray", kind: "SERVER", start: 1, attributes: correlated("c") });
    const lost = consumer({ at: "l/lost", start: 9, attributes: correlated("c") });
    expect(journeysOf([root, stray, lost]).map((j) => j.spans.length)).toEqual([2, 1]);
  });
});
