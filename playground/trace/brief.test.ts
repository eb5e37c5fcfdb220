import { describe, expect, it } from "vitest";
import {
  consumer,
  correlated,
  edge,
  linkTo,
  type SpanWords,
  span,
} from "../../collector/lens/journey/spans.fixture.ts";
import { briefOf } from "./brief.ts";
import { renderJourney } from "./render.ts";
import { declinedSpans, goodHops, goodSpans, journeyIn } from "./samples.fixture.ts";

const root = () => edge({ at: "a/root", end: 50 });
const call = (words: SpanWords) => span({ kind: "CLIENT", ...words });
const db = (words: SpanWords) => call({ ...words, attributes: { "db.system.name": "postgresql" } });

/** The shown spans, each with the number of spans folded into it: `["root", "pay +3"]`. */
function brief(...spans: ReturnType<typeof span>[]): string[] {
  const { spans: shown, hidden } = briefOf(journeyIn([root(), ...spans]).spans);
  return shown.map(({ key, span: { name } }) => (hidden.has(key) ? `${name} +${hidden.get(key)}` : name));
}

describe("the short form of a tree", () => {
  it("shows the path to each failure, and each branch beside it as one row with the number of its spans", () => {
    const shown = brief(
      call({ at: "a/reserve", parent: "root", start: 1 }),
      span({ at: "a/reserved", parent: "reserve", start: 2 }),
      db({ at: "a/stored", parent: "reserved", start: 3 }),
      call({ at: "a/pay", parent: "root", start: 4 }),
      span({ at: "a/bank", parent: "pay", start: 5 }),
      span({ at: "a/charge", parent: "bank", start: 6, status: "ERROR" }),
      db({ at: "a/kept", parent: "charge", start: 7 }),
      span({ at: "a/thought", parent: "bank", start: 8 }),
    );
    expect(shown).toEqual(["root", "reserve +2", "pay", "bank", "charge +1", "thought"]);
  });

  it("counts database calls to the span that made them, and shows one only if it failed", () => {
    const quiet = db({ at: "a/quiet", parent: "root", start: 1 });
    expect(brief(quiet, db({ at: "a/loud", parent: "root", start: 2, status: "ERROR" }))).toEqual([
      "root +1",
      "loud",
    ]);
    expect(brief(quiet)).toEqual(["root +1"]);
  });

  it("without a failure, shows the path from the root to the first span with more than one call", () => {
    const shown = brief(
      db({ at: "a/looked", parent: "root", start: 1 }),
      call({ at: "a/asked", parent: "root", start: 2 }),
      span({ at: "a/served", parent: "asked", start: 3 }),
      call({ at: "a/one", parent: "served", start: 4 }),
      span({ at: "a/deep", parent: "one", start: 5 }),
      call({ at: "a/two", parent: "served", start: 6 }),
    );
    expect(shown).toEqual(["root +1", "asked", "served", "one +1", "two"]);
  });

  it("shows the path to a span whose parent is missing, and a consumer that lost its context", () => {
    const created = span({ at: "a/created", parent: "one", start: 2 });
    const journey = journeyIn([
      edge({ at: "a/root", end: 50, attributes: correlated("c") }),
      call({ at: "a/one", parent: "root", start: 1 }),
      created,
      consumer({ at: "l/orphan", parent: "gone", start: 3, links: [linkTo(created)] }),
      call({ at: "a/two", parent: "root", start: 4 }),
      consumer({ at: "l/lost", start: 5, attributes: correlated("c") }),
    ]);
    const shown = briefOf(journey.spans).spans.map(({ span: { name } }) => name);
    expect(shown).toEqual(["root", "one", "created", "orphan", "two", "lost"]);
  });

  it("loses no span: each is shown or counted, except those that share a batch", () => {
    for (const spans of [goodSpans(), goodSpans("link"), declinedSpans()]) {
      const journey = journeyIn(spans);
      const { spans: shown, hidden } = briefOf(journey.spans);
      const counted = [...hidden.values()].reduce((sum, n) => sum + n, 0);
      const sharing = journey.spans.filter((placed) => placed.shared && !shown.includes(placed)).length;
      expect(shown.length + counted + sharing).toBe(journey.spans.length);
    }
  });
});

describe("a brief journey as text", () => {
  const render = (spans = declinedSpans(), hops?: typeof goodHops) =>
    renderJourney(journeyIn(spans), [], {
      width: 100,
      colour: false,
      logs: false,
      brief: true,
      ...(hops && { hops }),
    });

  it("has title, trace, cause and marks, no empty line, and the number of spans in each folded row", () => {
    const lines = render().split("\n");
    expect(lines[0]).toMatch(/^✗ POST \/api\/v1\/checkouts → 402 in 33\.0 ms +settled after/);
    expect(lines[1]).toMatch(/^ {2}trace {8}[0-9a-f]{32}/);
    expect(lines.slice(2, 4).join("\n")).toMatch(/^ +╷0.*\ngateway +← POST/);
    expect(lines.filter((line) => line.trim() === "")).toEqual([]);
    expect(lines.find((line) => line.includes("Reserve"))).toMatch(/Reserve \+\d+ spans/);
    expect(lines.find((line) => line.includes("· charge"))).toContain("✗ card_declined ◀ cause +1 span");
    expect(lines.at(-2)).toMatch(/^✗ cause: payments/);
    expect(lines.length).toBeLessThanOrEqual(16);
  });

  it("still says what is missing", () => {
    expect(render(declinedSpans(), goodHops)).toContain(
      '  missing      analytics "process events.OrderConfirmed"',
    );
  });
});
