import { describe, expect, it } from "vitest";
import { failureOf, isFailed } from "./failure.ts";
import type { Attributes, Span } from "./model.ts";
import { atMs, type SpanWords, span } from "./spans.fixture.ts";

const withEvent = (
  name: string,
  atMsOf: number,
  attributes: Attributes,
  words: Partial<SpanWords> = {},
): Span => ({
  ...span({ at: "a/one", end: 50, ...words }),
  events: [{ timeNs: atMs(atMsOf), name, attributes }],
});
const thrown = { "exception.type": "TypeError", "exception.message": "no stock" };

describe("a span failed", () => {
  it("when its status says so, by its newer or older attributes, or the status that it was answered", () => {
    const failed = (attributes: Attributes) => failureOf(span({ at: "a/one", status: "ERROR", attributes }));
    expect(failed({ "error.type": "timeout" })).toMatchObject({ errorType: "timeout", saysWhy: true });
    expect(failed({ "http.status_code": 502 })).toMatchObject({ errorType: "502", saysWhy: true });
    expect(failed({ "http.response.status_code": 503 })).toMatchObject({ errorType: "503" });
    expect(failed({ "rpc.grpc.status_code": 14 })).toMatchObject({ errorType: "14" });
    expect(failed({ "http.status_code": 200 })).toEqual({ errorType: "", message: "", saysWhy: false });
    expect(failed({ "error.type": "_OTHER" })?.saysWhy).toBe(false);
  });

  it("when an exception ended it, although its status is unset", () => {
    expect(failureOf(withEvent("exception", 50, thrown))).toEqual({
      ...{ errorType: "TypeError", message: "no stock", saysWhy: true },
    });
    expect(isFailed(withEvent("exception", 10, { ...thrown, "exception.escaped": true }))).toBe(true);
  });

  it("but not when the exception was dealt with: more came after it, the answer is fine, the status is OK", () => {
    expect(isFailed(withEvent("exception", 10, thrown))).toBe(false);
    expect(isFailed(withEvent("exception", 50, { ...thrown, "exception.escaped": "False" }))).toBe(false);
    expect(isFailed(withEvent("exception", 50, thrown, { status: "OK" }))).toBe(false);
    const answered = { kind: "SERVER", attributes: { "http.response.status_code": 404 } } as const;
    expect(isFailed(withEvent("exception", 50, thrown, answered))).toBe(false);
  });

  it("when its library has a failure event, or attributes, of its own", () => {
    const job = withEvent("job failed", 49, { "bullmq.job.failed.reason": "no paper" });
    expect(failureOf(job)).toMatchObject({ message: "no paper", saysWhy: true });
    expect(isFailed(withEvent("job completed", 49, {}))).toBe(false);
    const retried = span({
      at: "a/one",
      attributes: { "celery.state": "RETRY", "celery.retry.reason": "broker is away" },
    });
    expect(failureOf(retried)).toMatchObject({ message: "broker is away" });
    expect(isFailed(span({ at: "a/one", attributes: { "celery.state": "SUCCESS" } }))).toBe(false);
  });
});
