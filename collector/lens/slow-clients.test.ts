/** Clients that begin and do not go on: each of lens' three ports gives them up, and serves the next one. */
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { patient } from "../../tests/patience.ts";
import { readConfig } from "./config.ts";
import { ANY_PORTS, EXPORT } from "./lens.fixture.ts";
import { oneSpan } from "./otlp/requests.fixture.ts";
import { type Lens, startLens } from "./server.ts";

/** Short, so that it can be waited for, and longer than a request of a client that goes on may take. */
const HEADERS_MS = patient(80);

const lensWith = (headersMs: number): Promise<Lens> => {
  return startLens(readConfig(ANY_PORTS), undefined, headersMs);
};

let lens: Lens;
beforeEach(async () => {
  lens = await lensWith(HEADERS_MS);
});
afterEach(() => lens.stop());

/** Connects to `url`, sends `bytes`, and resolves to what comes until the server ends the connection. */
async function untilCut(url: string, bytes: string | Buffer): Promise<string> {
  const socket = connectTo(url);
  const seen: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => seen.push(chunk));
  socket.write(bytes);
  await once(socket, "close");
  return Buffer.concat(seen).toString("latin1");
}

function connectTo(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  return socket;
}

/** Ends with the block that it is declared in. */
const stopped = async (starting: Promise<Lens>) => {
  const started = await starting;
  return { ...started, [Symbol.asyncDispose]: () => started.stop() };
};

const span = () =>
  fetch(`${lens.otlpHttpUrl}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(oneSpan()),
  });

describe.each([["otlpHttpUrl"], ["url"]] as const)("HTTP/1.1 (%s)", (port) => {
  test.each([
    ["says nothing", ""],
    ["stops in the request line", "POST /v1/tra"],
    [
      "stops in the headers",
      "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n",
    ],
    [
      "stops in the body",
      "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
    ],
  ])("a client that %s is given up", async (_what, bytes) => {
    const answer = await untilCut(lens[port], bytes);
    // The page does not wait for the body of a request that it refuses: the answer stands before the end.
    expect(answer).toMatch(/^HTTP\/1\.1 (408|405) /);
    expect((await span()).status).toBe(200);
  });
});

test("a client that takes nothing of its answer is cut", async () => {
  // As many queries as fill the buffers in between, whatever their size.
  for (let i = 0; i < 200; i++) expect((await span()).status).toBe(200);
  const socket = connectTo(lens.url);
  const query = "GET /api/journeys HTTP/1.1\r\nhost: localhost\r\n\r\n";
  socket.write(query.repeat(20_000));
  socket.pause();
  const cut = new Promise((resolve) => socket.once("close", resolve));
  // A client that reads nothing learns of the end by writing.
  const writing = setInterval(() => socket.write("\r\n"), 50);
  await cut;
  clearInterval(writing);
  expect((await fetch(`${lens.url}/healthz`)).status).toBe(200);
});

describe("gRPC", () => {
  const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  test.each([
    ["says nothing", ""],
    ["stops in the preface", PREFACE.slice(0, 10)],
    ["asks for nothing after it", `${PREFACE}\0\0\0\x04\0\0\0\0\0`],
  ])("a client that %s is cut", async (_what, bytes) => {
    await untilCut(lens.otlpGrpcUrl, bytes);
    expect((await span()).status).toBe(200);
  });

  test("a client that takes its leave and then breaks the protocol is cut", async () => {
    const call = "\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01x";
    const leave = "\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";
    const tooLarge = "\0\x40\x01\x09\x01\0\0\0\x07";
    const bytes = `${PREFACE}\0\0\0\x04\0\0\0\0\0${call}${leave}${tooLarge}`;
    expect(await untilCut(lens.otlpGrpcUrl, Buffer.from(bytes, "latin1"))).toContain("too large frame size");
    expect((await span()).status).toBe(200);
  });

  test("an exporter keeps its connection between two exports, however far apart", async () => {
    // Longer than a busy machine may keep the first request waiting.
    await using lasting = await stopped(lensWith(patient(700)));
    const session = connectHttp2(lasting.otlpGrpcUrl);
    const ask = async () => {
      const stream = session.request({
        ":method": "POST",
        ":path": EXPORT,
        "content-type": "application/grpc",
      });
      stream.end(Buffer.alloc(5));
      const [headers] = await once(stream, "response");
      stream.resume();
      await once(stream, "close");
      return headers[":status"];
    };
    expect(await ask()).toBe(200);
    // Its silence lasts longer than that of a client that is cut.
    await untilCut(lasting.otlpGrpcUrl, "");
    expect(await ask()).toBe(200);
    session.close();
  });
});
