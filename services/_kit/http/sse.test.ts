import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quiet } from "../../../tests/fixtures.ts";
import { AppError } from "../process/errors.ts";
import { httpApp } from "./app.ts";
import type { Listening } from "./listen.ts";
import { serveHttp } from "./server.ts";
import { EventStreams, type ServerEvent, type Source } from "./sse.ts";

const HEARTBEAT_MS = 20;
let source: Source;
let streams: EventStreams;
let server: Listening;
beforeAll(async () => {
  const app = httpApp({ log: quiet, ready: async () => {} });
  app.get("/events", (c) => streams.answer(c, source));
  server = await serveHttp(app, "127.0.0.1", 0);
});
afterAll(() => server.close(0));

/** Replaces `streams` by new ones with these options. */
function having(more: { maxOpen?: number; heartbeatMs?: number; maxUnsentBytes?: number } = {}) {
  streams = new EventStreams({ log: quiet, maxOpen: 10, retryMs: 700, ...more });
  return streams;
}
const event = (id: number, data: object = { n: id }): ServerEvent => ({ id: `${id}`, event: "tick", data });
const ask = (init?: RequestInit) => fetch(`${server.url}/events`, init);

/** Sets a source that sends `events` and then stays open. The returned promise resolves when it is over. */
function staying(...events: ServerEvent[]) {
  const over = Promise.withResolvers<void>();
  source = async (signal) => {
    signal.addEventListener("abort", () => over.resolve());
    return (async function* () {
      yield* events;
      await over.promise;
    })();
  };
  return over.promise;
}

test("a stream says when to reconnect, sends its events, and ends after them", async () => {
  having();
  source = async () =>
    (async function* () {
      yield event(1);
      yield event(2, { text: "two\nlines" });
    })();
  const response = await ask();
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    connection: "close",
  });
  expect(await response.text()).toBe(
    'retry: 700\n\nid: 1\nevent: tick\ndata: {"n":1}\n\nid: 2\nevent: tick\ndata: {"text":"two\\nlines"}\n\n',
  );
});

test("a stream without events sends heartbeats", async () => {
  having({ heartbeatMs: HEARTBEAT_MS });
  staying();
  const client = new AbortController();
  const reader = (await ask({ signal: client.signal })).body
    ?.pipeThrough(new TextDecoderStream())
    .getReader();
  let seen = "";
  while (!/(:\n\n){3}$/.test(seen)) seen += (await reader?.read())?.value ?? "ended";
  expect(seen).toMatch(/^retry: 700\n\n(:\n\n)+$/);
  client.abort();
});

test("a source that throws at first is an ordinary problem, and one without events is 204", async () => {
  having({ maxOpen: 1 });
  source = async () => {
    throw new AppError("not_found", "nothing to watch");
  };
  expect((await ask()).status).toBe(404);
  source = async () => undefined;
  expect((await ask()).status).toBe(204);
  // Neither is open any more.
  expect((await ask()).status).toBe(204);
});

test("the source's signal aborts when its client has disconnected, which makes room for another", async () => {
  having({ maxOpen: 1 });
  const over = staying(event(1));
  const client = new AbortController();
  expect((await ask({ signal: client.signal })).status).toBe(200);
  const refused = await ask();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  client.abort();
  await over;
  source = async () => undefined;
  expect((await ask()).status).toBe(204);
});

test("a client that reads nothing is cut, and others go on", async () => {
  having({ maxUnsentBytes: 100_000 });
  const over = Promise.withResolvers<void>();
  source = async (signal) =>
    (async function* () {
      for (let id = 1; !signal.aborted; id += 1) {
        yield event(id, { filler: "x".repeat(50_000) });
        // This turn lets the server write what the system takes.
        await new Promise((resolve) => setImmediate(resolve));
      }
      over.resolve();
    })();
  const request = get(`${server.url}/events`);
  request.on("error", () => {});
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.on("error", () => {});
  await over.promise;
  request.destroy();
  staying(event(1));
  const client = new AbortController();
  expect((await ask({ signal: client.signal })).status).toBe(200);
  client.abort();
});

test("a source that breaks off ends its stream", async () => {
  having();
  source = async () =>
    (async function* () {
      yield event(1);
      throw new Error("secret detail");
    })();
  expect(await (await ask()).text()).toBe('retry: 700\n\nid: 1\nevent: tick\ndata: {"n":1}\n\n');
});

test("HEAD opens no stream", async () => {
  having({ maxOpen: 1 });
  for (let time = 0; time < 2; time += 1) {
    const over = staying();
    const response = await ask({ method: "HEAD" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    await over;
  }
});

test("closing ends all streams at once, tells their clients when to reconnect, and opens no more", async () => {
  const closing = having();
  staying(event(1));
  const open = await Promise.all([ask(), ask()]);
  // One more client, whose source has not begun to send.
  const begun = Promise.withResolvers<AbortSignal>();
  source = (signal) => {
    begun.resolve(signal);
    return new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(new AppError("cancelled", "over"))),
    );
  };
  const waiting = ask();
  await begun.promise;
  closing.close();
  for (const response of open) expect(await response.text()).toMatch(/\nretry: 700\n\n$/);
  expect((await waiting).status).toBe(499);
  expect((await ask()).status).toBe(503);
});
