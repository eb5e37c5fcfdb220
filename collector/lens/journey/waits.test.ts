import { describe, expect, it } from "vitest";
import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { Attributes, Span } from "./model.ts";
import { journeysOf } from "./shop.fixture.ts";
import { atMs, message, span } from "./spans.fixture.ts";

const root = span({ at: "a/root", service: "gateway", kind: "SERVER" });
const handled = (own: string, start: number, attributes: Attributes, kind: Span["kind"] = "CONSUMER"): Span =>
  span({ at: `a/${own}`, parent: "root", kind, start, attributes: message("m", attributes) });
const waits = (...spans: Span[]) =>
  journeysOf([root, ...spans])[0]?.waits.map((w) => [w.kind, w.key.slice(-4), w.startNs, w.endNs, w.since]);
const suffix = (own: string) => span({ at: `a/${own}` }).spanId.slice(-4);

describe("waits", () => {
  it("end where work begins: the stream's at the process span, the outbox's where the stream's began", () => {
    expect(waits(handled("p", 20, { [BATON.waitOutbox]: 0.005, [BATON.waitStream]: 0.0025 }))).toEqual([
      ["outbox", suffix("p"), atMs(12.5), atMs(17.5), ""],
      ["stream", suffix("p"), atMs(17.5), atMs(20), ""],
    ]);
  });

  it("of a job say what they are counted from", () => {
    const job = { [BATON.waitJob]: 0.004, [BATON.waitJobSince]: "children" };
    expect(waits(handled("p", 20, job))).toEqual([["job", suffix("p"), atMs(16), atMs(20), "children"]]);
  });

  it("in the outbox are drawn once a message, at the span that sent it", () => {
    const send = handled("s", 10, { [BATON.waitOutbox]: 0.004 }, "CLIENT");
    // One consumer's clock is behind: it seems to have begun before the message was sent.
    const consumers = ["p", "q"].map((own, i) => handled(own, 9 + 5 * i, { [BATON.waitOutbox]: 0.004 }));
    expect(waits(...consumers, send)).toEqual([["outbox", suffix("s"), atMs(6), atMs(10), ""]]);
  });

  it("in the outbox are drawn at the first consumer when no sender reports them", () => {
    const consumers = ["q", "p"].map((own, i) => handled(own, 20 + i, { [BATON.waitOutbox]: 0.004 }));
    expect(waits(...consumers)?.map(([, own]) => own)).toEqual([suffix("q")]);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e30, "3"])(
    "that make no sense are left out: %s",
    (wait) => {
      expect(waits(handled("p", 20, { [BATON.waitStream]: wait, [BATON.waitJob]: wait }))).toEqual([]);
    },
  );
});
