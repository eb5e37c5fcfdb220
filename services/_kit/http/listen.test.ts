import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import * as http2 from "node:http2";
import * as net from "node:net";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { type Handler, type Listening, type ListenOptions, listen } from "./listen.ts";

const servers: Listening[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close(0))));

/** Answers with the protocol's version, the path and the body that came. */
const echo: Handler = (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => response.end(`${request.httpVersion} ${request.url} ${Buffer.concat(chunks)}`));
};

async function listening(handler: Handler = echo, options?: ListenOptions): Promise<Listening> {
  const server = await listen("127.0.0.1", 0, handler, options);
  servers.push(server);
  return server;
}

/** One HTTP/2 request over clear text; rejects when the connection ends before an answer has begun. */
async function viaHttp2(url: string, path: string, body = ""): Promise<string> {
  const session = http2.connect(url);
  const closed = once(session, "close");
  const stream = session.request({ ":method": "POST", ":path": path });
  let answered = false;
  stream.once("response", () => {
    answered = true;
  });
  stream.end(body);
  const [chunks] = await Promise.all([stream.toArray().finally(() => session.close()), closed]);
  const text = chunks.map(String).join("");
  if (!answered) throw new Error("the connection ended before an answer");
  return text;
}

/** Sends `chunks`, each in its own packet. Returns everything that the server sends until it ends the connection. */
async function raw(port: number, chunks: readonly (string | Buffer)[]): Promise<string> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  const seen: Buffer[] = [];
  socket.on("data", (chunk) => seen.push(chunk));
  socket.on("error", () => {});
  await once(socket, "connect");
  for (const chunk of chunks) {
    await new Promise<void>((resolve) => socket.write(chunk, () => resolve()));
    // The server shares the event loop with this test: in these turns it reads this chunk before the next one comes.
    for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  if (!socket.closed) await once(socket, "close");
  return Buffer.concat(seen).toString("latin1");
}

describe("one port", () => {
  test("serves HTTP/1.1 and HTTP/2 clients, several of each at once", async () => {
    const { url } = await listening();
    const answers = await Promise.all([
      fetch(`${url}/a`, { method: "POST", body: "one" }).then((response) => response.text()),
      viaHttp2(url, "/b", "two"),
      fetch(`${url}/c`).then((response) => response.text()),
      viaHttp2(url, "/d"),
    ]);
    expect(answers).toEqual(["1.1 /a one", "2.0 /b two", "1.1 /c ", "2.0 /d "]);
  });

  test("keeps an HTTP/1.1 connection alive for the next request", async () => {
    const { url } = await listening((request, response) => response.end(String(request.socket.remotePort)));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const get = async () => {
      const [response] = (await once(http.get(url, { agent }), "response")) as [http.IncomingMessage];
      return (await response.toArray()).map(String).join("");
    };
    const ports = [await get(), await get()];
    agent.destroy();
    expect(ports[1]).toBe(ports[0]);
  });

  const curl = spawnSync("curl", ["--version"]);
  const noCurl = curl.status === 0 ? undefined : "curl is not installed here";
  const http2InCurl = curl.stdout?.includes("HTTP2") ? undefined : "this curl speaks no HTTP/2";
  for (const [flag, expected, missing] of [
    ["--http1.1", "1.1 /curl hello", noCurl],
    ["--http2-prior-knowledge", "2.0 /curl hello", noCurl ?? http2InCurl],
  ] as const) {
    test(`answers curl ${flag}`, async ({ skip }) => {
      if (missing !== undefined) skip(missing);
      const { url } = await listening();
      const { stdout } = await promisify(execFile)("curl", ["-sS", flag, "-d", "hello", `${url}/curl`]);
      expect(stdout).toBe(expected);
    });
  }

  test("decides by the first bytes, also when they come in many packets", async () => {
    const { port } = await listening();
    const request = "POST /split HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";
    expect(await raw(port, request.split(""))).toMatch(/^HTTP\/1\.1 200 [\s\S]*1\.1 \/split hi/);
    // This begins as an HTTP/2 preface does, and ends otherwise.
    expect(await raw(port, ["PRI", " * HT", "TP/1.1\r\nhost: x\r\n\r\n"])).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("passes HTTP/2 on without loss when its preface comes byte by byte", async () => {
    const { port } = await listening();
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    // An empty SETTINGS frame, then GOAWAY, so that the server ends the connection (RFC 9113, 6.5 and 6.8).
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const goAway = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const answer = await raw(port, [...preface.split(""), settings, goAway]);
    expect(answer.charCodeAt(3), "the type of its first frame: SETTINGS").toBe(4);
  });
});

describe("a client that behaves badly", () => {
  test("is cut when it sends nothing", async () => {
    const { port } = await listening(echo, { headersMs: 60 });
    expect(await raw(port, [])).toBe("");
  });

  test("is cut when it stops in the middle of the first bytes", async () => {
    const { port } = await listening(echo, { headersMs: 60 });
    expect(await raw(port, ["PRI * H"])).toBe("");
  });

  test("is answered 408 and cut when its headers do not end", async () => {
    const { port } = await listening(echo, { headersMs: 500 });
    expect(await raw(port, ["GET / HTTP/1.1\r\nhost: x\r\n"])).toMatch(/^HTTP\/1\.1 408 /);
  });

  test.each([
    ["zeros", Buffer.alloc(64), /^HTTP\/1\.1 400 /],
    ["a TLS hello", Buffer.from("16030100c4010000c00303", "hex"), /^HTTP\/1\.1 400 /],
    ["words", "hello there\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["an HTTP/2 preface and then words", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nhello, hello, hello", /^[^H]/],
  ])("that sends %s is refused, and the next client is served", async (_what, bytes, answer) => {
    const { port, url } = await listening();
    expect(await raw(port, [bytes])).toMatch(answer);
    expect(await (await fetch(`${url}/next`)).text()).toBe("1.1 /next ");
  });

  test("that resets its connection does no harm to others", async () => {
    const { port, url } = await listening();
    for (const bytes of ["", "PRI *", "GET / HT"]) {
      const socket = net.connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.write(bytes);
      socket.resetAndDestroy();
      await once(socket, "close");
    }
    expect(await viaHttp2(url, "/after")).toBe("2.0 /after ");
  });
});

/** A frame of HTTP/2 (RFC 9113, 4.1). `length` may be wrong. */
function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer,
  length = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head.set([type, flags], 3);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

test("an HTTP/2 client that takes its leave and then breaks the protocol is cut, also when it says nothing more", async () => {
  const { port, url } = await listening(echo, { headersMs: 60 });
  // :method GET, :scheme http, :path / and :authority x, mostly by their places in the static table.
  const fields = Buffer.from([0x82, 0x86, 0x84, 0x41, 1, 0x78]);
  const answer = await raw(port, [
    Buffer.concat([
      Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      frame(4, 0, 0, Buffer.alloc(0)),
      frame(1, 5, 1, fields),
      frame(7, 0, 0, Buffer.alloc(8)),
      frame(9, 1, 7, Buffer.alloc(0), 16_385),
    ]),
  ]);
  expect(answer).toContain("too large frame size");
  expect(await viaHttp2(url, "/after")).toBe("2.0 /after ");
});

describe("closing", () => {
  const LONG_MS = 60_000;
  const clients = {
    "HTTP/1.1": (url: string) => fetch(url).then((response) => response.text()),
    "HTTP/2": (url: string) => viaHttp2(url, "/"),
  };

  for (const [protocol, ask] of Object.entries(clients)) {
    /** A server with one request open, which ends when told. */
    const withOpenRequest = async () => {
      const open = Promise.withResolvers<http.ServerResponse>();
      const server = await listening((_request, response) => open.resolve(response));
      const answer = ask(server.url);
      return { server, answer, response: await open.promise };
    };

    test(`lets an open ${protocol} request end, and then does not wait for the rest of the grace`, async () => {
      const { server, answer, response } = await withOpenRequest();
      const closed = server.close(LONG_MS);
      response.end("to the end");
      expect(await answer).toBe("to the end");
      await closed;
    });

    test(`cuts an ${protocol} request that does not end within the grace`, async () => {
      const { server, answer } = await withOpenRequest();
      const failed = expect(answer).rejects.toThrow();
      await server.close(20);
      await failed;
    });
  }

  test("does not wait for a client that keeps its connection after the last answer", async () => {
    const open = Promise.withResolvers<http.ServerResponse>();
    const server = await listening((_request, response) => {
      response.write("begun ");
      open.resolve(response);
    });
    const agent = new http.Agent({ keepAlive: true });
    const [answer] = (await once(http.get(server.url, { agent }), "response")) as [http.IncomingMessage];
    expect(answer.headers.connection).toBe("keep-alive");
    const closed = server.close(LONG_MS);
    (await open.promise).end("and done");
    expect((await answer.toArray()).map(String).join("")).toBe("begun and done");
    await closed;
    agent.destroy();
  });

  test("does not wait for idle connections", async () => {
    const server = await listening();
    const agent = new http.Agent({ keepAlive: true });
    const [response] = (await once(http.get(server.url, { agent }), "response")) as [http.IncomingMessage];
    await response.resume().toArray();
    const session = http2.connect(server.url);
    await once(session, "remoteSettings");
    await server.close(LONG_MS);
    agent.destroy();
  });

  test("accepts no more connections", async () => {
    const server = await listening();
    await server.close();
    await expect(fetch(server.url)).rejects.toThrow("fetch failed");
  });
});

test("a port that is taken is the system's error", async () => {
  const { port } = await listening();
  await expect(listen("127.0.0.1", port, echo)).rejects.toMatchObject({ code: "EADDRINUSE" });
});
