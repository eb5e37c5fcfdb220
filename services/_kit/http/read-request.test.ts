import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { quiet } from "../../../tests/fixtures.ts";
import { httpApp } from "./app.ts";
import { readJson, readQuery } from "./read-request.ts";

const app = httpApp({ log: quiet, ready: async () => {} });
const any = z.json();
const strict = z.strictObject({ n: z.int(), list: z.array(z.strictObject({ word: z.string() })).optional() });
app.post("/any", async (c) => c.json({ read: await readJson(c, any) }));
app.post("/strict", async (c) => c.json({ read: await readJson(c, strict) }));
app.get("/query", (c) => c.json({ read: readQuery(c, z.object({ n: z.string().regex(/^\d$/) })) }));

async function post(path: string, body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}) {
  const response = await app.request(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: response.status, body: (await response.json()) as { read?: unknown; detail?: string } };
}
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("a body is read", () => {
  test.each(["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'])(
    "as %s",
    async (type) => {
      expect(await post("/any", '{"é":1}', { "content-type": type })).toEqual({
        status: 200,
        body: { read: { é: 1 } },
      });
    },
  );

  test("down to its depth; brackets in strings are letters", async () => {
    expect((await post("/any", nested(32))).status).toBe(200);
    const text = JSON.stringify([`${nested(40)}\\"${nested(40)}`]);
    expect((await post("/any", text)).body.read).toEqual(JSON.parse(text));
  });
});

describe("a body is refused", () => {
  test.each([
    ["of another type", "n=1", { "content-type": "text/plain" }],
    ["of a type that only begins like JSON's", "{}", { "content-type": "application/jsonp" }],
    ["in another encoding", "{}", { "content-type": "application/json; charset=utf-16" }],
    ["compressed", gzipSync("{}"), { "content-encoding": "gzip" }],
    ["compressed twice", "{}", { "content-encoding": "gzip, br" }],
  ])("%s: 415, and the answer says what is accepted", async (_what, body, headers) => {
    const response = await app.request("/any", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    expect([response.status, response.headers.get("accept-encoding")]).toEqual([415, "identity"]);
  });

  test.each([
    ["that is empty", "", /not JSON/],
    ["that breaks off", '{"n":', /not JSON/],
    ["that holds NaN", '{"n":NaN}', /not JSON/],
    ["that is not UTF-8", Buffer.from('{"n":"\xff"}', "latin1"), /not UTF-8/],
    ["that is nested too deep", nested(33), /deeper than 32/],
    ["that is nested far too deep", "[".repeat(60_000), /deeper than 32/],
  ])("%s: 400", async (_what, body, detail) => {
    expect(await post("/strict", body)).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(detail) },
    });
  });

  test.each([
    ["a member of another type", '{"n":"1"}', "n: "],
    ["a missing member", "{}", "n: "],
    ["an unknown member", '{"n":1,"admin":true}', '"admin"'],
    ["a member named __proto__", '{"n":1,"__proto__":{}}', '"__proto__"'],
    ["a wrong member inside", '{"n":1,"list":[{"word":"a"},{"word":2}]}', "list.1.word: "],
    ["a list for an object", "[]", "body: "],
  ])("with %s: 422, and the answer says where", async (_what, body, where) => {
    expect(await post("/strict", body)).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining(where) },
    });
  });

  test("with an answer of limited length, also for very many mistakes", async () => {
    const members = Array.from({ length: 1_000 }, (_, n) => [`${"x".repeat(20)}${n}`, n]);
    const list = Array.from({ length: 1_000 }, () => ({}));
    const { status, body } = await post("/strict", JSON.stringify({ ...Object.fromEntries(members), list }));
    expect(status).toBe(422);
    expect(body.detail?.length).toBeLessThan(2_500);
  });

  test("when it is larger than allowed, also without a content-length", async () => {
    const large = `"${"x".repeat(70_000)}"`;
    const stream = new Blob([large]).stream();
    const whole = await app.request("/any", {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": String(large.length) },
      body: large,
    });
    const inPieces = await app.request("/any", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect([whole.status, inPieces.status]).toEqual([413, 413]);
  });
});

test("a query that does not fit is a 400 that says where", async () => {
  expect(await (await app.request("/query?n=1&n=x&m=2")).json()).toEqual({ read: { n: "1" } });
  const refused = await app.request("/query?n=x");
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ detail: expect.stringMatching(/^n: /) });
});
