import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { journeyToJson, logToJson } from "../../collector/lens/journey/json.ts";
import type { Span } from "../../collector/lens/journey/model.ts";
import { journeysOf } from "../../collector/lens/journey/shop.fixture.ts";
import {
  acked,
  consumer,
  correlated,
  create,
  edge,
  message,
  span,
} from "../../collector/lens/journey/spans.fixture.ts";
import { world } from "../../collector/lens/journey/world.fixture.ts";
import { type RenderOptions, renderJourney } from "./render.ts";
import { declinedSpans, goodHops, goodSpans, journeyIn, logOf } from "./samples.fixture.ts";
import { widthOf } from "./text.ts";

const render = (
  spans: readonly Span[],
  options: Partial<RenderOptions> = {},
  logs = [] as ReturnType<typeof logOf>[],
) => renderJourney(journeyIn(spans), logs, { width: 120, colour: false, logs: false, ...options });
const lineWith = (text: string, ...words: string[]): string =>
  text.split("\n").find((line) => words.every((word) => line.includes(word))) ?? "";
const widest = (text: string): number => Math.max(...text.split("\n").map(widthOf));
const escapeCode = String.fromCharCode(27);

describe.each([80, 200])("a journey at %i columns", (width) => {
  const good = render(goodSpans(), { width, hops: goodHops });

  it("has no line that is longer", () => {
    expect(widest(good)).toBeLessThanOrEqual(width);
    expect(widest(render(declinedSpans(), { width }))).toBeLessThanOrEqual(width);
  });

  it("says at its head how it ended, the ids, how much there is and where it waited", () => {
    const [title, ...rest] = good.split("\n");
    expect(title).toMatch(/^✓ POST \/api\/v1\/checkouts → 201 in 31\.4 ms +complete after 110 ms$/);
    expect(rest.slice(0, 5)).toEqual([
      "  order        0199a9c2-7d2f-7c31-8f0e-5b1f5f6f7a10",
      "  correlation  0199a9c2-7d11-7e5a-9a55-0d6f8a1c2b3d",
      expect.stringMatching(/^ {2}trace {8}[0-9a-f]{32} and 1 more trace by link$/),
      "  spans        58 in 7 services",
      "  waited       outbox 26.9 ms (2×) · stream 10.4 ms (4×) · job 18.3 ms (5×)",
    ]);
  });

  it("shows service, edge, kind, name, duration and bar of each span", () => {
    expect(lineWith(good, "process shipping.pack")).toMatch(
      /^shipping .*╘═↘ process shipping\.pack +13\.1 ms +[▐▕█▉▊▋▌▍▎▏]+$/,
    );
    expect(lineWith(good, "create shipping.pick")).toMatch(/├─↗ create shipping\.pick +100 µs +▏$/);
    expect(lineWith(good, "analytics", "process")).toMatch(/└╌↘ process events\.OrderConfirmed/);
  });

  it("puts each wait on the edge before the span that ended it", () => {
    const lines = good.split("\n");
    const wait = lines.findIndex((line) => /┊ +job wait since children +2\.20 ms +▓+$/.test(line));
    expect(lines[wait + 1]).toContain("process shipping.pack");
    expect(good).toMatch(/┊ +outbox wait +11\.6 ms +░+\n.*→ send events\.OrderConfirmed/);
  });

  it("keeps service, duration and bar in columns of their own", () => {
    const units = good
      .split("\n")
      .flatMap((line) => /^(\S+ .*?\d (?:ms|µs|ns)) [^a-z]*$/.exec(line)?.[1]?.length ?? []);
    expect(new Set(units).size).toBe(1);
  });

  it("draws the database calls of one span as one line, and each of them when asked", () => {
    expect(lineWith(good, "inventory", "postgresql")).toMatch(/└─→ 3 × postgresql BEGIN, UPDA.* 2\.10 ms/);
    expect(good).not.toContain("→ BEGIN");
    const full = render(goodSpans(), { width, full: true });
    expect(full.match(/→ BEGIN/g)?.length).toBe(7);
    expect(full).not.toContain("×  postgresql");
  });

  it("explains the marks that it used", () => {
    for (const word of ["→ client", "╌ link", "═ child and link", "░ outbox wait"])
      expect(good).toContain(word);
    expect(render(declinedSpans(), { width })).not.toContain("╌ link");
  });
});

describe("a failed journey", () => {
  it("marks the failed spans and the cause, and repeats the cause at the foot", () => {
    const text = render(declinedSpans());
    expect(text).toMatch(/^✗ POST \/api\/v1\/checkouts → 402/);
    expect(lineWith(text, "· charge")).toContain("charge ✗ card_declined ◀ cause");
    expect(text.match(/◀/g)).toHaveLength(1);
    expect(text).toContain("✗ cause: payments · charge · card_declined: the card tok_declined was declined");
    expect(lineWith(text, "Release")).toContain("↶ compensation");
  });

  it("numbers attempts and marks those that will be retried", () => {
    const text = render(goodSpans(), { width: 200 });
    expect(lineWith(text, "attempt 1")).toContain("attempt 1 ↻ will retry ✗ ECONNREFUSED");
    expect(lineWith(text, "attempt 2")).toContain("process email.confirmation attempt 2");
    expect(text).not.toContain("✗ cause");
  });
});

describe("an incomplete journey", () => {
  it("names the messages in flight", () => {
    const sent = create({ at: "a/create", parent: "root", attributes: message("m-17") });
    const text = render([edge({ at: "a/root" }), sent]);
    expect(text).toMatch(/^◌ .* in flight after/);
    expect(text).toContain("  in flight    1 message: m-17");
  });

  it("names the promised hops that are missing", () => {
    const text = render(declinedSpans(), { hops: goodHops });
    expect(text.split("\n")[0]).toContain("incomplete after");
    expect(text).toContain('  missing      analytics "process events.OrderConfirmed" (CONSUMER)');
    expect(text).toContain('               orders "process events.ParcelShipped" (CONSUMER)');
  });

  it("marks orphans, a missing root, shared batches and consumers found by their correlation id", () => {
    expect(render([edge({ at: "a/root" }), span({ at: "a/lost", parent: "gone" })])).toMatch(
      /lost \? orphan/,
    );
    expect(render([span({ at: "a/lost", parent: "gone" })])).toContain("◌ the root has not arrived");
    expect(render(goodSpans())).toContain("receive events shared batch");
    const lost = consumer({ at: "l/lost", start: 5, attributes: acked("m", correlated("c")) });
    const text = render([edge({ at: "a/root", attributes: correlated("c") }), lost]);
    expect(text).toMatch(/└≈↘ lost/);
    expect(text).toContain("1 consumer found only by correlation id");
  });
});

describe("logs", () => {
  const logs = [logOf(declinedSpans(), "payments", "charge", "error", "card declined\nby the issuer")];

  it("are printed under their span when asked for", () => {
    const lines = render(declinedSpans(), { logs: true }, logs).split("\n");
    const charge = lines.findIndex((line) => line.includes("· charge"));
    expect(lines[charge + 1]).toMatch(/│ +ERROR card declined by the issuer$/);
    expect(render(declinedSpans(), {}, logs)).not.toContain("by the issuer");
  });
});

describe("the terminal", () => {
  it("gets no escape code without colour, and the same text with it", () => {
    const bare = render(goodSpans());
    const coloured = render(goodSpans(), { colour: true });
    expect(bare).not.toContain(escapeCode);
    expect(coloured).toContain(`${escapeCode}[36mgateway`);
    expect(coloured.replaceAll(new RegExp(`${escapeCode}\\[[0-9;]*m`, "g"), "").replace(/ +$/gm, "")).toBe(
      bare,
    );
  });

  it("is safe from hostile names, ids and log bodies", () => {
    const evil = `${escapeCode}[2J\r\n\u009b31m\u202e`;
    const attributes = {
      "error.type": evil,
      "correlation.id": evil,
      "baton.order.id": evil,
      "baton.wait.job": 1,
    };
    const words = { name: evil, service: evil, status: "ERROR", statusMessage: evil, attributes } as const;
    const spans = [edge({ at: "a/root", ...words }), consumer({ at: "a/c", parent: "root", ...words })];
    const log = logOf(spans, evil, evil, evil, evil);
    const text = render(spans, { logs: true, hops: [{ service: evil, name: evil, kind: "CLIENT" }] }, [log]);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it("gets no line longer than its width, for any journey, names and width", () => {
    const options = fc.record({
      width: fc.integer({ min: 1, max: 220 }),
      full: fc.boolean(),
      colour: fc.constant(false),
    });
    fc.assert(
      fc.property(world, fc.string({ unit: "grapheme", maxLength: 40 }), options, (w, name, chosen) => {
        for (const journey of journeysOf(w.spans.map((s) => ({ ...s, name })))) {
          const text = renderJourney(journey, [], { ...chosen, logs: false });
          expect(widest(text)).toBeLessThanOrEqual(chosen.width);
        }
      }),
    );
  });

  it("gets a very deep journey within bounds", () => {
    const deep = Array.from({ length: 5_000 }, (_, i) =>
      i === 0 ? edge({ at: "a/n0" }) : span({ at: `a/n${i}`, parent: `n${i - 1}`, start: i }),
    );
    const text = render(deep, { width: 100 });
    expect(widest(text)).toBeLessThanOrEqual(100);
    expect(text).toContain("… and 3,000 more rows");
  });
});

it("draws the same from JSON as from a journey", () => {
  const spans = goodSpans("link");
  const logs = [logOf(spans, "orders", "checkout", "info", "order stored")];
  const json = JSON.parse(JSON.stringify(journeyToJson(journeyIn(spans))));
  const options = { width: 120, colour: true, logs: true };
  const fromJson = renderJourney(json, logs.map(logToJson), options);
  expect(fromJson).toBe(renderJourney(journeyIn(spans), logs, options));
});
