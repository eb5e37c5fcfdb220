import { once } from "node:events";
import net from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { quiet } from "../../../tests/fixtures.ts";
import { patient } from "../../../tests/patience.ts";
import { httpApp, refuseOtherMethods } from "./app.ts";
import type { Listening } from "./listen.ts";
import { parseRaw, sendRaw } from "./raw.fixture.ts";
import { readJson } from "./read-request.ts";
import { type HttpServerOptions, serveHttp } from "./server.ts";

const servers: Listening[] = [];
/** Resolves when the endless answer is cancelled. */
const cut = Promise.withResolvers<void>();
afterAll(() => Promise.all(servers.map((server) => server.close(0))));

async function serving(options?: HttpServerOptions): Promise<Listening> {
  const app = httpApp({ log: quiet, ready: async () => {} });
  app.post("/body", async (c) => c.json(await readJson(c, z.strictObject({ n: z.int() }))));
  app.get("/much", (c) =>
    c.body(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)),
        cancel: () => cut.resolve(),
      }),
    ),
  );
  refuseOtherMethods(app);
  const server = await serveHttp(app, "127.0.0.1", 0, options);
  servers.push(server);
  return server;
}

/** The status of the answer, which must be a problem. */
async function refused(port: number, bytes: string | Buffer) {
  const { status, type, body } = parseRaw(await sendRaw(port, bytes));
  expect(type, body).toBe("application/problem+json");
  expect(JSON.parse(body)).toMatchObject({ type: expect.stringMatching(/^urn:baton:problem:/), status });
  return status;
}

describe("bytes that are not a valid request are answered with a problem", () => {
  const host = "host: x\r\nconnection: close\r\n";
  test.each([
    ["words", "hello there\r\n\r\n", 400],
    ["zeros", Buffer.alloc(64), 400],
    ["a TLS hello", Buffer.from("16030100c4010000c00303", "hex"), 400],
    ["an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["an unknown method", `BREW /body HTTP/1.1\r\n${host}\r\n`, 400],
    ["a space in a header's name", `GET / HTTP/1.1\r\n${host}a b: c\r\n\r\n`, 400],
    ["a bare line break in a header", `GET / HTTP/1.1\r\n${host}a: b\rc\r\n\r\n`, 400],
    ["two lengths", `POST /body HTTP/1.1\r\n${host}content-length: 1\r\ncontent-length: 2\r\n\r\n{}`, 400],
    ["an invalid length", `POST /body HTTP/1.1\r\n${host}content-length: x\r\n\r\n`, 400],
    ["10,000 headers", `GET / HTTP/1.1\r\n${host}${"a: b\r\n".repeat(10_000)}\r\n`, 431],
    ["a header of 20 KB", `GET / HTTP/1.1\r\n${host}a: ${"b".repeat(20_000)}\r\n\r\n`, 431],
    ["a URL of 20 KB", `GET /${"b".repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, 431],
    ["an invalid host", "GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n", 400],
    ["an invalid target", `GET http://[::x]/ HTTP/1.1\r\n${host}\r\n`, 400],
    ["a method that the path does not take", `PROPFIND /body HTTP/1.1\r\n${host}\r\n`, 405],
    [
      "an invalid chunk",
      `POST /body HTTP/1.1\r\n${host}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
      400,
    ],
  ])("%s", async (_what, bytes, status) => {
    const { port, url } = await serving();
    expect(await refused(port, bytes)).toBe(status);
    expect((await fetch(`${url}/healthz`)).status, "the next one").toBe(200);
  });
});

describe("a client that behaves badly", () => {
  test("is answered 408 when its headers do not end, and when it sends nothing", async () => {
    const { port } = await serving({ headersMs: 100 });
    expect(await refused(port, "GET / HTTP/1.1\r\nhost: x\r\n")).toBe(408);
    expect(parseRaw(await sendRaw(port, "")).status).toBe(408);
  });

  const begun =
    "POST /body HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 7\r\n";

  test("is answered 408 when its body does not end", async () => {
    const { port } = await serving({ headersMs: 100 });
    expect(await refused(port, `${begun}\r\n{"n":`)).toBe(408);
  });

  test("has longer for its body than for its headers", async () => {
    const { port } = await serving({ headersMs: patient(170) });
    const slow = net.connect({ port, host: "127.0.0.1" });
    slow.write(`${begun}\r\n{"n":`);
    expect(await refused(port, begun)).toBe(408);
    slow.write("1}");
    const answer = (await slow.toArray()).map(String).join("");
    expect(parseRaw(answer)).toMatchObject({ status: 200, body: '{"n":1}' });
  });

  test("is cut when it reads nothing of its answer", async () => {
    const { port } = await serving({ headersMs: 50 });
    const socket = net.connect({ port, host: "127.0.0.1" });
    socket.on("error", () => {});
    socket.write("GET /much HTTP/1.1\r\nhost: x\r\n\r\n");
    await cut.promise;
    socket.destroy();
  });

  test("that resets its connection does no harm to others", async () => {
    const { port, url } = await serving();
    for (const bytes of ["", "GET / HT", "POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"]) {
      const socket = net.connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.write(bytes);
      socket.resetAndDestroy();
      await once(socket, "close");
    }
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});
