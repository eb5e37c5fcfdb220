import { describe, expect, it } from "vitest";
import type { Span } from "./model.ts";
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

describe("a batch over several journeys", () => {
  const journey = (name: string): Span[] => [
    edge({ at: `${name}/root-${name}` }),
    create({ at: `${name}/create-${name}`, parent: `root-${name}`, start: 1, attributes: message(name) }),
    consumer({
      at: `r/process-${name}`,
      parent: "receive",
      start: 6,
      links: [linkTo(`${name}/create-${name}`)],
      attributes: acked(name),
    }),
    span({ at: `r/work-${name}`, parent: `process-${name}`, start: 7 }),
  ];
  const receive = (...names: string[]): Span =>
    span({ at: "r/receive", kind: "CLIENT", start: 5, links: names.map((n) => linkTo(`${n}/create-${n}`)) });
  const both = [...journey("a"), ...journey("b"), receive("a", "b")];

  it("is shown in each as shared, and brings nothing of the others", () => {
    const [a, b] = journeysOf(both);
    expect(a?.spans.map((s) => s.span.name)).toEqual([
      "root-a",
      "create-a",
      "receive",
      "process-a",
      "work-a",
    ]);
    expect(b?.spans.map((s) => s.span.name)).toEqual([
      "root-b",
      "create-b",
      "receive",
      "process-b",
      "work-b",
    ]);
    expect(by(a, "receive")).toMatchObject({ shared: true, edge: "link", under: key("a/create-a") });
    expect(by(a, "process-a")).toMatchObject({ shared: false, edge: "link", under: key("a/create-a") });
  });

  it("does not stretch the journey's time nor lend it its errors", () => {
    const long = { ...receive("a", "b"), status: "ERROR" as const, endNs: both[0]?.startNs ?? 0n };
    const [a] = journeysOf([...journey("a"), ...journey("b"), { ...long, startNs: 0n }]);
    expect(a?.startNs).toBe(both[0]?.startNs);
    expect(a?.cause).toBeNull();
  });

  it("stays shared when the other journey is not here (any more)", () => {
    expect(by(journeysOf([...journey("a"), receive("a", "b")])[0], "receive")?.shared).toBe(true);
  });

  it("is an ordinary span when all its messages come from one journey", () => {
    expect(by(journeysOf([...journey("a"), receive("a")])[0], "receive")?.shared).toBe(false);
  });

  it("leaves its messages where they belong when it is lost itself, as orphans", () => {
    const [a] = journeysOf([...journey("a"), ...journey("b")]);
    expect(by(a, "process-a")).toMatchObject({ under: key("a/create-a"), edge: "link", orphan: true });
  });

  it("keeps an orphan below it in the journey whose correlation id it bears", () => {
    const named = (spans: Span[], c: string) =>
      spans.map((s) => ({ ...s, attributes: { ...s.attributes, ...correlated(c) } }));
    const orphan = span({ at: "r/orphan", parent: "gone", start: 8, attributes: correlated("b") });
    const [a, b] = journeysOf([
      ...named(journey("a"), "a"),
      ...named(journey("b"), "b"),
      receive("a", "b"),
      orphan,
    ]);
    expect(by(a, "orphan")).toBeUndefined();
    expect(by(b, "orphan")).toMatchObject({ orphan: true, under: key("b/root-b") });
  });
});

describe("a large journey", () => {
  it("is stitched though it is 10,000 spans deep", () => {
    const chain = Array.from({ length: 10_000 }, (_, i) =>
      i === 0 ? edge({ at: "a/n0" }) : span({ at: `a/n${i}`, parent: `n${i - 1}`, start: i }),
    );
    expect(journeysOf(chain)[0]?.spans.at(-1)?.depth).toBe(9_999);
  });

  it("asks the source for no other journey of a batch over thousands", () => {
    const names = Array.from({ length: 2_000 }, (_, i) => `t${i}`);
    const spans = names.flatMap((t) => [
      edge({ at: `${t}/root` }),
      create({ at: `${t}/create`, parent: "root" }),
    ]);
    const source = sourceOf([
      ...spans,
      span({ at: "r/receive", links: names.map((t) => linkTo(`${t}/create`)) }),
    ]);
    let read = 0;
    const counting = {
      ...source,
      *trace(traceId: string) {
        for (const one of source.trace(traceId)) {
          read += 1;
          yield one;
        }
      },
    };
    expect(journeyOf(counting, id("t7", 32))?.spans).toHaveLength(3);
    // One look at the first span of a trace tells that it exists; only two traces are read through.
    expect(read).toBeLessThan(2 * 10);
  });
});
