import { describe, expect, it, test } from "vitest";
import { messageIdOf, spellingsOf, systemOf, wordOf } from "./names.ts";
import { inFlightOf } from "./settle.ts";
import { create, span } from "./spans.fixture.ts";
import { journeysOf } from "./stitch.ts";

test.each([
  ["http.request.method", "http.method"],
  ["http.response.status_code", "http.status_code"],
  ["db.query.text", "db.statement"],
  ["db.system.name", "db.system"],
  ["rpc.system.name", "rpc.system"],
  ["server.address", "net.peer.name"],
  ["messaging.destination.name", "messaging.destination"],
  ["messaging.operation.type", "messaging.operation"],
])("%s and %s mean the same, in whichever way one asks", (newer, older) => {
  expect(spellingsOf(older)).toEqual(spellingsOf(newer));
  for (const asked of [newer, older]) {
    expect(wordOf({ [older]: "x" }, asked)).toBe("x");
    expect(wordOf({ [newer]: "new", [older]: "old" }, asked)).toBe("new");
  }
});

describe("an attribute", () => {
  it("is read as text, also when it is a number or a truth value, and not when it is a list", () => {
    expect(wordOf({ "http.status_code": 502 }, "http.response.status_code")).toBe("502");
    expect(wordOf({ a: false }, "a")).toBe("false");
    expect(wordOf({ a: [1] }, "a")).toBe("");
    expect(wordOf({}, "a")).toBe("");
  });

  it("without another name is itself alone", () => {
    expect(spellingsOf("user.id")).toEqual(["user.id"]);
    expect(spellingsOf("toString")).toEqual(["toString"]);
  });
});

describe("a job of bullmq-otel", () => {
  const attributes = { "bullmq.queue.name": "mail", "bullmq.job.id": "17" };

  it("has an id and a system, though it uses none of the conventions' names", () => {
    const job = span({ at: "a/add", attributes });
    expect([messageIdOf(job), systemOf(job)]).toEqual(["17", "bullmq"]);
  });

  it("is in flight until it is processed, and waits as a job", () => {
    const add = create({ at: "a/add", end: 1, attributes });
    const process = span({ at: "a/process", parent: "add", kind: "CONSUMER", start: 50, attributes });
    expect(journeysOf([add])[0]?.inFlight).toEqual(["17"]);
    const [journey] = journeysOf([add, process]);
    expect(journey).toMatchObject({ settled: true, inFlight: [], waits: [{ kind: "job", estimated: true }] });
    expect(inFlightOf(journey?.spans ?? [])).toEqual([]);
  });
});
