import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quiet } from "../../../tests/fixtures.ts";
import { AppError } from "../process/errors.ts";
import { httpApp } from "./app.ts";
import type { Listening } from "./listen.ts";
import { answerLines } from "./ndjson.ts";
import { serveHttp } from "./server.ts";

let source: () => AsyncGenerator<object>;
let server: Listening;
beforeAll(async () => {
  const app = httpApp({ log: quiet, ready: async () => {} });
  app.get("/lines", (c) => answerLines(c, quiet, source()));
  server = await serveHttp(app, "127.0.0.1", 0);
});
afterAll(() => server.close(0));

const ask = (init?: RequestInit) => fetch(`${server.url}/lines`, init);

test("each line is sent as soon as it is there", async () => {
  const second = Promise.withResolvers<void>();
  source = async function* () {
    yield { n: 1 };
    await second.promise;
    yield { n: 2 };
  };
  const response = await ask();
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe('{"n":1}\n');
  second.resolve();
  expect((await reader?.read())?.value).toBe('{"n":2}\n');
  expect((await reader?.read())?.done).toBe(true);
});

test("a source without values is an empty list", async () => {
  source = async function* () {};
  const response = await ask();
  expect([response.status, await response.text()]).toEqual([200, ""]);
});

test("a failure before the first line is an ordinary problem", async () => {
  source = async function* () {
    yield await Promise.reject(new AppError("not_found", "no such list"));
  };
  const response = await ask();
  expect([response.status, response.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
});

test("a later failure is a problem in the last line, without internal details", async () => {
  source = async function* () {
    yield { n: 1 };
    throw new Error("secret detail");
  };
  const lines = (await (await ask()).text()).trimEnd().split("\n");
  expect(lines[0]).toBe('{"n":1}');
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({ status: 500, type: "urn:baton:problem:internal" });
  expect(lines[1]).not.toContain("secret");
});

test("no more is read than the client reads, and the source is returned when the client disconnects", async () => {
  const returned = Promise.withResolvers<void>();
  let made = 0;
  const line = { filler: "x".repeat(1_000) };
  // More than all buffers on the way can hold.
  const all = 50_000;
  source = async function* () {
    try {
      for (; made < all; made += 1) yield line;
    } finally {
      returned.resolve();
    }
  };
  const request = get(`${server.url}/lines`);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  await once(response, "readable");
  let before = -1;
  // Until no more is read in many turns of the event loop, which the server shares with this test.
  while (before !== made) {
    before = made;
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  request.on("error", () => {});
  request.destroy();
  await returned.promise;
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan(all);
});

test("HEAD reads nothing of the list", async () => {
  const returned = Promise.withResolvers<void>();
  source = async function* () {
    try {
      yield { n: 1 };
      throw new Error("not to be reached");
    } finally {
      returned.resolve();
    }
  };
  const response = await ask({ method: "HEAD" });
  expect([response.status, await response.text()]).toEqual([200, ""]);
  await returned.promise;
});
