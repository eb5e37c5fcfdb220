import { describe, expect, it } from "vitest";
import { journeysOf } from "./shop.fixture.ts";
import { by, consumer, edge, key, linkTo, span } from "./spans.fixture.ts";

describe("what is missing", () => {
  it("makes orphans of a lost span's children, drawn under the root", () => {
    const journey = journeysOf([
      edge({ at: "a/root" }),
      span({ at: "a/orphan", parent: "lost", start: 1 }),
    ])[0];
    expect(by(journey, "orphan")).toMatchObject({ under: key("a/root"), orphan: true });
    expect(journey).toMatchObject({ orphans: [key("a/orphan")], settled: false });
  });

  it("makes an orphan of a consumer whose creation context never arrived, in either mode", () => {
    const inTrace = consumer({ at: "a/child", parent: "lost", links: [linkTo("a/lost")], start: 2 });
    const inOwn = consumer({ at: "b/link", links: [linkTo("a/lost")], start: 3 });
    const journey = journeysOf([edge({ at: "a/root" }), inTrace, inOwn])[0];
    expect(by(journey, "child")).toMatchObject({ edge: "child", orphan: true });
    expect(by(journey, "link")).toMatchObject({ edge: "link", orphan: true });
  });

  it("breaks circles of parents and of links at their first span", () => {
    const circle = [span({ at: "a/one", parent: "two", start: 1 }), span({ at: "a/two", parent: "one" })];
    const links = [
      consumer({ at: "b/x", links: [linkTo("c/y")] }),
      consumer({ at: "c/y", links: [linkTo("b/x")] }),
    ];
    const self = span({ at: "d/self", parent: "self", links: [linkTo("d/self")] });
    const journeys = journeysOf([...circle, ...links, self]);
    expect(journeys.map((j) => [j.spans.length, j.rootMissing])).toEqual([
      [2, true],
      [2, true],
      [1, true],
    ]);
  });

  it("keeps spans apart whose span ids repeat in two traces", () => {
    const spans = ["a", "b"].flatMap((t) => [
      edge({ at: `${t}/same` }),
      span({ at: `${t}/child`, parent: "same" }),
    ]);
    expect(journeysOf(spans).map((j) => j.spans.length)).toEqual([2, 2]);
  });
});
