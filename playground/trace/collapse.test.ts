import { describe, expect, it } from "vitest";
import { edge, type SpanWords, span } from "../../collector/lens/journey/spans.fixture.ts";
import { itemsOf } from "./collapse.ts";
import { rowsOf } from "./rows.ts";
import { journeyIn } from "./samples.fixture.ts";

const db = (words: SpanWords, system = "postgresql") =>
  span({ parent: "root", kind: "CLIENT", ...words, attributes: { "db.system": system } });
const journey = (...words: ReturnType<typeof db>[]) => journeyIn([edge({ at: "a/root", end: 50 }), ...words]);
const groups = (...spans: ReturnType<typeof db>[]) =>
  itemsOf(journey(...spans).spans, false).map(({ placed, group }) =>
    group.length > 0 ? group.map((s) => s.span.name) : placed.span.name,
  );

describe("database calls of one parent", () => {
  it("become one row at the place of the first", () => {
    const work = span({ at: "a/work", parent: "root", start: 2 });
    expect(groups(db({ at: "a/q1", start: 1 }), work, db({ at: "a/q2", start: 3 }))).toEqual([
      "root",
      ["q1", "q2"],
      "work",
    ]);
  });

  it("stay alone when there is only one, or one of each database", () => {
    expect(groups(db({ at: "a/q1" }), db({ at: "a/q2", start: 1 }, "redis"))).toEqual(["root", "q1", "q2"]);
  });

  it("stay visible when they failed or have a failed child", () => {
    const failed = db({ at: "a/failed", parent: "connect", start: 3, status: "ERROR" });
    const spans = [
      db({ at: "a/q1" }),
      db({ at: "a/q2", start: 1 }),
      db({ at: "a/connect", start: 2 }),
      failed,
    ];
    expect(groups(...spans)).toEqual(["root", ["q1", "q2"], "connect", "failed"]);
  });

  it("stay visible when they have other work as a child", () => {
    const spans = [
      db({ at: "a/q1" }),
      db({ at: "a/q2", start: 1 }),
      span({ at: "a/work", parent: "q2", start: 2 }),
    ];
    expect(groups(...spans)).toEqual(["root", "q1", "q2", "work"]);
  });

  it("count calls within calls, but add up their time only once", () => {
    const pool = db({ at: "a/pool", start: 1, end: 5 });
    const connect = db({ at: "a/connect", parent: "pool", start: 2, end: 4 });
    expect(groups(pool, connect)).toEqual(["root", ["pool", "connect"]]);
    const [, row] = rowsOf(journey(pool, connect), [], { full: false });
    expect(row).toMatchObject({ name: "2 × postgresql pool, connect", time: "4.00 ms" });
  });
});
