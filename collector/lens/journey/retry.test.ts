import { describe, expect, it } from "vitest";
import type { Attributes, Span } from "./model.ts";
import { consumer, create, key, linkTo, message, type SpanWords, span } from "./spans.fixture.ts";
import { journeysOf } from "./stitch.ts";

const root = span({ at: "a/root", service: "portal", kind: "SERVER", end: 90 });
const call = (own: string, start: number, attributes: Attributes, words: Partial<SpanWords> = {}): Span =>
  span({
    at: `a/${own}`,
    parent: "root",
    service: "portal",
    kind: "CLIENT",
    name: "GET",
    start,
    attributes,
    ...words,
  });
const failing = { status: "ERROR", statusMessage: "503" } as const;
const cause = (...spans: Span[]) => journeysOf([root, ...spans])[0]?.cause;
const prices = { "server.address": "prices" };
const weather = { "server.address": "weather" };

describe("a call is no retry", () => {
  it("when it goes elsewhere, whatever the name", () => {
    expect(cause(call("one", 1, prices, failing), call("two", 9, weather))).toMatchObject({ message: "503" });
  });

  it("when only its verb and where it goes are the same", () => {
    expect(cause(call("one", 1, prices, failing), call("two", 9, prices))?.message).toBe("503");
  });

  it("when its path or its method is another", () => {
    const first = call("one", 1, { ...prices, "url.path": "/a", "http.request.method": "GET" }, failing);
    expect(
      cause(first, call("two", 9, { ...prices, "url.path": "/b", "http.request.method": "GET" })),
    ).not.toBeNull();
    expect(
      cause(first, call("two", 9, { ...prices, "url.path": "/a", "http.request.method": "PUT" })),
    ).not.toBeNull();
  });

  it("when it ran beside the one that failed", () => {
    const where = { ...prices, "url.path": "/a" };
    expect(cause(call("one", 1, where, { ...failing, end: 20 }), call("two", 5, where))).not.toBeNull();
  });

  it("when it is a database's command of the same word", () => {
    const http = call("one", 1, { ...prices, "http.request.method": "GET" }, failing);
    expect(cause(http, call("two", 9, { "db.system": "redis" }))?.message).toBe("503");
    const redis = (own: string, start: number, words = {}) =>
      call(own, start, { "db.system": "redis" }, words);
    expect(cause(redis("one", 1, failing), redis("two", 9))).not.toBeNull();
  });
});

describe("a call is a retry", () => {
  it("when target and task are the same, by newer and older names", () => {
    const older = { "net.peer.name": "prices", "http.url": "http://prices/v1", "http.method": "GET" };
    const newer = { ...prices, "url.full": "http://prices/v1", "http.request.method": "GET" };
    for (const where of [older, newer])
      expect(
        cause(call("one", 1, where, failing), call("two", 9, { ...where, "http.request.resend_count": 1 })),
      ).toBeNull();
  });

  it("of Redis that knew no script, when the script is sent whole", () => {
    const command = (own: string, name: string, start: number, words = {}) =>
      call(own, start, { "db.system": "redis" }, { name, ...words });
    const unknown = { status: "ERROR", statusMessage: "NOSCRIPT No matching script" } as const;
    expect(cause(command("one", "evalsha", 1, unknown), command("two", "eval", 5))).toBeNull();
    expect(cause(command("one", "evalsha", 1, failing), command("two", "eval", 5))).not.toBeNull();
  });

  it("below one call, where the client repeats silently", () => {
    const answer = (own: string, start: number, words = {}) =>
      span({
        at: `a/${own}`,
        parent: "call",
        service: "prices",
        kind: "SERVER",
        name: "GET /v1",
        start,
        ...words,
      });
    const http = call("call", 1, prices, { end: 30 });
    expect(cause(http, answer("one", 2, failing), answer("two", 9))).toBeNull();
    expect(cause(http, answer("one", 2, failing))).not.toBeNull();
  });
});

describe("tries of a job", () => {
  const send = create({ at: "a/send", parent: "root", service: "portal", start: 1 });
  const run = (at: string, words: Partial<SpanWords>) =>
    consumer({ at, name: "run report", service: "worker", ...words });

  it("may nest, each below the one before, and what else the last one sets off still counts", () => {
    const again = { "celery.retry.reason": "broker is away" };
    const spans = [
      send,
      run("a/run1", { parent: "send", start: 5, attributes: again }),
      create({ at: "a/apply1", parent: "run1", service: "worker", start: 6 }),
      run("a/run2", { parent: "apply1", start: 20, attributes: again }),
      create({ at: "a/apply2", parent: "run2", service: "worker", start: 21 }),
      run("a/run3", { parent: "apply2", start: 40, end: 60 }),
    ];
    expect(cause(...spans)).toBeNull();
    expect(cause(...spans.slice(0, -1))).toMatchObject({ message: "broker is away", key: key("a/run2") });
    const broken = span({
      at: "a/broken",
      parent: "run3",
      service: "worker",
      start: 41,
      status: "ERROR",
      statusMessage: "ink",
    });
    expect(cause(...spans, broken)).toMatchObject({ message: "ink" });
  });

  it("may lie in other traces, and are told by the message's id in any of its names", () => {
    for (const name of ["messaging.message.id", "messaging.message_id", "bullmq.job.id"]) {
      const tries = [1, 2].map((n) =>
        run(`t${n}/run`, {
          start: n * 10,
          links: [linkTo("a/send", "")],
          attributes: { [name]: "7" },
          ...(n === 1 ? failing : {}),
        }),
      );
      expect(cause(send, ...tries), name).toBeNull();
      expect(cause(send, ...tries.slice(0, 1)), name).toMatchObject({ message: "503" });
    }
  });

  it("are told by what sent them when there is no id, and no other job's success makes them good", () => {
    const other = create({ at: "a/other", parent: "root", service: "portal", start: 2 });
    const failed = run("a/run1", { parent: "send", start: 5, ...failing });
    expect(cause(send, other, failed, run("a/run2", { parent: "send", start: 20 }))).toBeNull();
    expect(cause(send, other, failed, run("a/run2", { parent: "other", start: 20 }))).toMatchObject({
      message: "503",
    });
    const ids = (n: string) => ({ attributes: message(n) });
    expect(
      cause(
        send,
        run("a/r1", { parent: "send", start: 5, ...failing, ...ids("1") }),
        run("a/r2", { parent: "send", start: 9, ...ids("2") }),
      ),
    ).not.toBeNull();
  });
});

describe("the cause is the span that says why", () => {
  const asgi = { service: "api", status: "ERROR" } as const;

  it("and not an empty failure below it, in its own process", () => {
    const server = span({
      at: "a/server",
      parent: "root",
      kind: "SERVER",
      start: 1,
      statusMessage: "KeyError: user",
      ...asgi,
    });
    const send = span({ at: "a/send", name: "http send", parent: "server", start: 2, ...asgi });
    expect(cause(server, send)).toMatchObject({ message: "KeyError: user", name: "server" });
  });

  it("and the deeper one that says why, wherever an empty one lies", () => {
    const server = span({
      at: "a/server",
      parent: "root",
      kind: "SERVER",
      start: 1,
      statusMessage: "500",
      ...asgi,
    });
    const empty = span({ at: "a/empty", parent: "server", start: 2, ...asgi });
    const store = span({ at: "a/store", parent: "server", start: 3, statusMessage: "disk full", ...asgi });
    expect(cause(server, empty, store)).toMatchObject({ message: "disk full" });
    expect(cause(store, empty, server)).toMatchObject({ message: "disk full" });
  });

  it("and the empty one when nothing says why", () => {
    const silent = span({ at: "a/silent", parent: "root", start: 2, ...asgi });
    expect(cause(silent)).toMatchObject({ name: "silent", message: "", errorType: "" });
  });
});
