import { describe, expect, it } from "vitest";
import { ATTR, BATON, LINK } from "../../../services/_kit/telemetry/conventions.ts";
import type { Attributes, Span } from "./model.ts";
import { journeysOf } from "./shop.fixture.ts";
import { key, linkTo, message, type SpanWords, span } from "./spans.fixture.ts";

const root = span({
  at: "a/root",
  service: "gateway",
  kind: "SERVER",
  name: "root",
  status: "ERROR",
  end: 90,
});
const failed = (words: SpanWords): Span =>
  span({ parent: "root", status: "ERROR", attributes: { [ATTR.errorType]: "broken" }, ...words });
const cause = (...spans: Span[]) => journeysOf([root, ...spans])[0]?.cause;
const delivery = (outcome: string, attempt: number): Attributes =>
  message("m", { [BATON.outcome]: outcome, [BATON.attempt]: attempt });

describe("the cause", () => {
  it("is null when nothing failed", () => {
    expect(journeysOf([{ ...root, status: "UNSET" }])[0]?.cause).toBeNull();
  });

  it("is the failed span with no failed span below it, with its type and message", () => {
    const charge = failed({
      at: "a/charge",
      parent: "call",
      service: "payments",
      start: 2,
      statusMessage: "declined",
    });
    expect(cause(failed({ at: "a/call", start: 1 }), charge)).toMatchObject({
      key: `${charge.traceId}:${charge.spanId}`,
      service: "payments",
      name: "charge",
      errorType: "broken",
      message: "declined",
    });
  });

  it("is the earliest of several", () => {
    expect(cause(failed({ at: "a/second", start: 2 }), failed({ at: "a/first", start: 1 }))?.name).toBe(
      "first",
    );
  });

  it("is found over a link, in the consumer's own trace", () => {
    const create = failed({ at: "a/create", kind: "PRODUCER", start: 1 });
    const process = span({
      at: "b/process",
      kind: "CONSUMER",
      start: 5,
      status: "ERROR",
      links: [linkTo("a/create")],
    });
    expect(cause(create, process)?.name).toBe("process");
  });

  it("takes type and message from the exception when the span has none", () => {
    const attributes = { "exception.type": "TypeError", "exception.message": "no stock" };
    const event = { timeNs: 1n, name: "exception", attributes };
    const thrown = { ...failed({ at: "a/thrown", attributes: {} }), events: [event] };
    expect(cause(thrown)).toMatchObject({ errorType: "TypeError", message: "no stock" });
  });

  it("is not an attempt that later succeeded, nor what failed below it", () => {
    const ok = { ...root, status: "UNSET" as const };
    const first = failed({
      at: "a/p1",
      name: "process",
      kind: "CONSUMER",
      start: 1,
      attributes: delivery("retry", 1),
    });
    const below = failed({ at: "a/below", parent: "p1", start: 2 });
    const second = span({
      at: "a/p2",
      name: "process",
      parent: "root",
      kind: "CONSUMER",
      start: 3,
      attributes: delivery("ack", 2),
    });
    expect(journeysOf([ok, first, below, second])[0]?.cause).toBeNull();
    expect(journeysOf([ok, first, below])[0]?.cause?.name).toBe("below");
    const other = { ...second, service: "analytics" };
    expect(journeysOf([ok, first, below, other])[0]?.cause?.name).toBe("below");
  });

  it("is the first attempt when the last one is dead-lettered", () => {
    const attempts = [1, 2].map((n) =>
      failed({
        at: `a/p${n}`,
        name: "process",
        kind: "CONSUMER",
        start: n,
        attributes: delivery(n === 2 ? "dead-letter" : "retry", n),
        links: n === 2 ? [linkTo("a/p1", LINK.previousAttempt)] : [],
      }),
    );
    expect(cause(...attempts)?.key).toBe(key("a/p1"));
  });

  it("is not a call that was tried again with success", () => {
    const call = (n: number, status: Span["status"]) =>
      span({ at: `a/c${n}`, name: "Charge", parent: "root", kind: "CLIENT", start: n, status });
    const server = failed({ at: "a/server", parent: "c1", kind: "SERVER", start: 1 });
    expect(cause(call(1, "ERROR"), server, call(2, "UNSET"))?.name).toBe("root");
    expect(cause(call(2, "ERROR"), call(1, "UNSET"))?.name).toBe("Charge");
  });

  it("is not a compensation, nor what failed below it", () => {
    const release = failed({ at: "a/release", start: 1, attributes: { [BATON.compensation]: true } });
    expect(cause(release, failed({ at: "a/below", parent: "release", start: 2 }))?.name).toBe("root");
  });
});
