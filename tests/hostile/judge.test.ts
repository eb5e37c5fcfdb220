/** The judge of the answers to hostile requests must see each kind of wrong answer. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frame, LAST_PING, TYPE } from "./frames.ts";
import { judgeBytes, judgeCall, judgeFrames } from "./judge.ts";
import { grown, type Weight } from "./memory.ts";
import { type Bytes, type Call, DOORS, HOSTILE, KINDS } from "./requests.ts";
import { wrongIn } from "./run.ts";
import type { Heard } from "./talk.ts";

const heard = (text: string, ended = true): Heard => ({ bytes: Buffer.from(text, "latin1"), ended });
const answer = (status: number, body: string, type = "application/problem+json"): Heard =>
  heard(`HTTP/1.1 ${status} X\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
const asked: Bytes = {
  door: "edge",
  kind: "headers",
  form: "bytes",
  method: "POST",
  path: "/api/v1/checkouts",
  bytes: Buffer.alloc(0),
};
const inside: Bytes = { ...asked, door: "internal" };
const declared = (_method: string, _path: string, status: number): boolean => status === 503;

describe("an answer by HTTP/1.1", () => {
  it("is right when it is the wanted one, a problem, or a 5xx that is declared", () => {
    const good = answer(201, "{}", "application/json");
    expect(judgeBytes({ ...asked, status: 201 }, good, declared)).toEqual({ status: "201" });
    for (const status of [400, 422, 503])
      expect(judgeBytes(asked, answer(status, `{"status":${status}}`), declared)).toEqual({
        status: `${status}`,
      });
    expect(judgeBytes({ ...asked, isBroken: true }, heard(""), declared)).toEqual({ status: "closed" });
    expect(judgeBytes(inside, answer(501, "{}"), declared)).toEqual({ status: "501" });
  });

  it.each([
    ["another status than the wanted one", { ...asked, status: 201 }, answer(400, '{"status":400}')],
    ["a 5xx that is not declared", asked, answer(504, '{"status":504}')],
    ["a failure of ours", asked, answer(500, '{"status":500}')],
    ["the same behind the edge", inside, answer(500, "{}")],
    ["a stack trace", asked, answer(400, '{"status":400,"detail":"at f (/app/main.ts:1:2)"}')],
    ["a page instead of a problem", asked, answer(400, "<html>", "text/html")],
    ["a problem with another status", asked, answer(400, '{"status":404}')],
    ["an answer without an end", asked, answer(400, `{"status":400,"x":"${"x".repeat(20_000)}"}`)],
    ["no answer to a good request", asked, heard("")],
    ["a connection that stays open", asked, heard("", false)],
  ])("is wrong when it is %s", (_what, sent, got) => {
    expect(judgeBytes(sent, got, declared).fault).toMatch(/\w/);
  });

  it("is read behind an interim one, and from chunks", () => {
    const text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 X\r\ncontent-type: application/problem+json\r\n";
    const chunks = `${text}transfer-encoding: chunked\r\n\r\n8\r\n{"status\r\n6\r\n":400}\r\n0\r\n\r\n`;
    expect(judgeBytes(asked, heard(chunks), declared)).toEqual({ status: "400" });
  });
});

describe("an answer to a call", () => {
  const call: Call = {
    door: "internal",
    kind: "baggage",
    form: "call",
    status: 200,
    call: { version: 2, verb: "POST", path: "/x", headers: {}, body: Buffer.alloc(0), cut: false },
  };
  const got = (status: number | undefined, code: string | undefined, message = "m", body = "") => ({
    status,
    code,
    message,
    body,
  });

  it("is right when it is an order, or a service is away", () => {
    expect(judgeCall(call, got(200, "0"))).toEqual({ status: "200 0" });
    expect(judgeCall(call, got(503, "unavailable"))).toEqual({ status: "503 unavailable" });
  });

  it.each([
    ["refused because of its headers", got(200, "3")],
    ["a failure of ours", got(200, "13")],
    ["unknown", got(200, "2")],
    ["missing", got(undefined, undefined)],
    ["a stack trace of a service that is away", got(200, "14", "at f (/app/main.ts:1:2)")],
  ])("is wrong when it is %s", (_what, wrong) => {
    expect(judgeCall(call, wrong).fault).toMatch(/\w/);
  });
});

describe("an HTTP/2 connection of bad frames", () => {
  const frames = (...some: Buffer[]): Heard => ({ bytes: Buffer.concat(some), ended: true });
  const ping = frame(TYPE.ping, 1, 0, LAST_PING);

  it("may be closed, be told why, or stay open", () => {
    expect(judgeFrames(frames())).toEqual({ status: "closed" });
    expect(judgeFrames(frames(frame(TYPE.goaway, 0, 0, Buffer.alloc(8))))).toEqual({ status: "GOAWAY" });
    expect(judgeFrames(frames(frame(TYPE.headers, 4, 1, Buffer.of(0x88)), ping))).toEqual({
      status: "still open",
    });
    expect(judgeFrames(answer(400, "{}"))).toEqual({ status: "400" });
  });

  it("must end, and no stream may be answered by 500", () => {
    expect(judgeFrames(heard("", false)).fault).toMatch(/neither/);
    expect(judgeFrames(frames(frame(TYPE.headers, 4, 1, Buffer.of(0x8e)), ping)).fault).toMatch(/500/);
    expect(judgeFrames(answer(500, "{}")).fault).toMatch(/500/);
  });
});

it("a part that holds 8 MB more than after the first part has grown", () => {
  const weights = (usedBytes: number): Weight[] => [{ part: "orders", usedBytes, systemBytes: 0 }];
  expect(grown(weights(50e6), weights(57e6))).toEqual([]);
  expect(grown(weights(50e6), weights(60e6))).toEqual([expect.stringMatching(/^orders holds 9\.5 MB more/)]);
});

it("a line of a log must be JSON, and no error but that of a service that is away", () => {
  expect(wrongIn('{"level":30,"msg":"a\\nb"}')).toBeUndefined();
  expect(wrongIn('{"level":50,"err":{"code":"unavailable"}}')).toBeUndefined();
  expect(wrongIn('{"level":50,"err":{"code":4}}')).toBeUndefined();
  expect(wrongIn('{"level":50,"err":{"code":"internal"}}')).toMatch(/error/);
  expect(wrongIn('{"level":50}')).toMatch(/error/);
  expect(wrongIn("PeriodicExportingMetricReader: metrics export timed out after 5000ms")).toBeUndefined();
  expect(wrongIn("PeriodicExportingMetricReader: metrics export timed out after 5000ms{}")).toMatch(/JSON/);
  expect(wrongIn("set-cookie: a=b")).toMatch(/JSON/);
});

it("the same seed makes the same requests, of every kind at both doors", () => {
  const made = (seed: number) =>
    DOORS.map((door) => KINDS.map((kind) => fc.sample(HOSTILE[door][kind], { seed, numRuns: 5 })));
  expect(made(7)).toEqual(made(7));
  expect(made(7)).not.toEqual(made(8));
});
