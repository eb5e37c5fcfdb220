import { once } from "node:events";
import * as http from "node:http";
import * as http2 from "node:http2";
import * as net from "node:net";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import fc from "fast-check";
import { pino } from "pino";
import { afterAll, describe, expect, test } from "vitest";
import { patient } from "../../../tests/patience.ts";
import { startTestTelemetry } from "../../../tests/telemetry.ts";
import { OrderService } from "../../_contracts/gen/baton/orders/v1/orders_pb.js";
import { AppError } from "../process/errors.ts";
import { rpcClient } from "./client.ts";
import { bomb, deepJson, fault, frame, rawClient, type Sent, sent } from "./door.fixture.ts";
import { grpcJs, serveOrders } from "./serve.fixture.ts";

const GET = "/baton.orders.v1.OrderService/GetOrder";
const telemetry = startTestTelemetry();
let reached = 0;
const server = await serveOrders({
  getOrder: ({ orderId }) => {
    reached += 1;
    if (orderId.startsWith("no ")) throw new AppError("not_found", orderId, { extra: { orderId } });
    return { order: { orderId } };
  },
  async *listOrders({ userId }) {
    yield { order: { orderId: userId } };
  },
});
const client = rawClient(server.url);
afterAll(async () => {
  client.close();
  await server.close(0);
  await telemetry.stop();
});

const utf8 = Buffer.from([0x0a, 2, 0xc3, 0x28]);
const order = Buffer.from([0x0a, 1, 0x6f]);
const grpc = (body: Buffer, headers = {}): Partial<Sent> => ({
  version: 2,
  headers: { "content-type": "application/grpc", ...headers },
  body,
});
const connect = (body: Buffer, headers = {}): Partial<Sent> => ({
  version: 1,
  headers: { "content-type": "application/json", ...headers },
  body,
});
const proto = (body: Buffer, headers = {}) =>
  connect(body, { "content-type": "application/proto", ...headers });
const web = (body: Buffer) => grpc(body, { "content-type": "application/grpc-web+proto" });
const json = (text: string) => connect(Buffer.from(text));
const INVALID = "3";
const EXHAUSTED = "8";
const UNIMPLEMENTED = "12";

const refusals: [string, Partial<Sent>, { status?: number; code?: string; message: RegExp }][] = [
  ["bytes that are no message", grpc(frame(Buffer.from("junk"))), { code: INVALID, message: /parse binary/ }],
  ["the same over gRPC-Web", web(frame(Buffer.from("junk"))), { code: INVALID, message: /parse binary/ }],
  ["the same by Connect", proto(Buffer.from("junk")), { status: 400, message: /parse binary/ }],
  ["text that is not UTF-8", grpc(frame(utf8)), { code: INVALID, message: /parse binary/ }],
  ["invalid JSON", json("{"), { status: 400, code: "invalid_argument", message: /JSON/ }],
  ["a number for a text", json('{"orderId":7}'), { status: 400, message: /orderId|order_id/ }],
  ["JSON of 20,000 arrays, one in the other", connect(deepJson(20_000)), { status: 400, message: /order/ }],
  ["a stated length of 4 GiB", grpc(frame(order, 0, 0xffffffff)), { code: EXHAUSTED, message: /65536/ }],
  [
    "a message that is shorter than its length",
    grpc(frame(order, 0, 1_000)),
    { code: INVALID, message: /incomplete/ },
  ],
  ["a message that is too large", proto(Buffer.alloc(65_537)), { status: 429, message: /65536/ }],
  ["a gzip bomb", grpc(frame(bomb, 1), { "grpc-encoding": "gzip" }), { code: EXHAUSTED, message: /65536/ }],
  ["a gzip bomb by Connect", proto(bomb, { "content-encoding": "gzip" }), { status: 429, message: /65536/ }],
  [
    "a brotli bomb",
    proto(brotliCompressSync(Buffer.alloc(2 ** 20), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }), {
      "content-encoding": "br",
    }),
    { status: 429, message: /65536/ },
  ],
  [
    "half of a gzip",
    proto(gzipSync(order).subarray(0, 12), { "content-encoding": "gzip" }),
    { status: 400, message: /decompression/ },
  ],
  ["a compressed message without an encoding", grpc(frame(order, 1)), { code: "13", message: /compressed/ }],
  [
    "an unknown encoding",
    grpc(frame(order, 1), { "grpc-encoding": "zip" }),
    { code: UNIMPLEMENTED, message: /zip/ },
  ],
  ["no message at all", grpc(Buffer.alloc(0)), { code: UNIMPLEMENTED, message: /missing/ }],
  [
    "two messages instead of one",
    grpc(Buffer.concat([frame(order), frame(order)])),
    { code: UNIMPLEMENTED, message: /extra/ },
  ],
  [
    "an unknown method",
    { ...grpc(frame(order)), path: `${GET}s` },
    { code: UNIMPLEMENTED, message: /GetOrders/ },
  ],
  [
    "the same by Connect",
    { ...json("{}"), path: "/x" },
    { status: 404, code: "unimplemented", message: /\/x/ },
  ],
  ["the same over gRPC-Web", { ...web(frame(order)), path: "/x" }, { code: UNIMPLEMENTED, message: /\/x/ }],
  ["a wrong verb", { ...json("{}"), verb: "PUT" }, { status: 405, message: /POST/ }],
  [
    "an unsupported type",
    connect(order, { "content-type": "text/xml" }),
    { status: 415, message: /application\/json/ },
  ],
  ["no type", { ...connect(order), headers: {} }, { status: 415, message: /application\/json/ }],
  [
    "a garbage timeout",
    connect(Buffer.from("{}"), { "connect-timeout-ms": "soon" }),
    { status: 400, message: /timeout.*soon/ },
  ],
  [
    "a two-way stream over HTTP/1.1",
    {
      ...connect(order, { "content-type": "application/grpc" }),
      path: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    },
    { code: UNIMPLEMENTED, message: /HTTP\/2/ },
  ],
];

describe("bad calls are refused before any handler, with a code and a message", () => {
  test.each(refusals)("%s", async (_what, input, expected) => {
    const before = reached;
    const got = await client.send({
      version: 1,
      verb: "POST",
      path: GET,
      headers: {},
      body: order,
      cut: false,
      ...input,
    });
    const { message, ...rest } = expected;
    expect(got).toMatchObject(rest);
    expect(got.message).toMatch(message);
    expect(reached).toBe(before);
  });
});

test("what a caller gets wrong is no error in the service's log, whether one answer was asked for or a stream", async () => {
  const errors: string[] = [];
  const log = pino({ level: "error" }, { write: (line: string) => errors.push(line) });
  const logged = await serveOrders(
    {
      getOrder: ({ orderId }) => ({ order: { orderId } }),
      async *listOrders({ userId }) {
        if (userId === "fails") throw new Error("a failure of ours");
        yield { order: { orderId: userId } };
      },
    },
    { log },
  );
  const asking = rawClient(logged.url);
  const defaults = { version: 1, verb: "POST", headers: {}, body: order, cut: false } as const;
  for (const path of [GET, GET.replace("GetOrder", "ListOrders")])
    for (const [, input] of refusals) await asking.send({ ...defaults, path, ...input });
  expect(errors).toEqual([]);
  // { user_id: "fails" }: what is ours is logged.
  const body = frame(Buffer.concat([Buffer.from([0x0a, 5]), Buffer.from("fails")]));
  await asking.send({ ...defaults, path: GET.replace("GetOrder", "ListOrders"), ...grpc(body) });
  expect(errors).toEqual([expect.stringContaining("a failure of ours")]);
  asking.close();
  await logged.close(0);
});

test("the SERVER span of a refused call has its code, in every protocol", async () => {
  const sent = [
    [grpc(frame(utf8)), "INVALID_ARGUMENT"],
    [web(frame(utf8)), "INVALID_ARGUMENT"],
    [proto(utf8), "invalid_argument"],
  ] as const;
  for (const [index, [body, code]] of sent.entries()) {
    const headers = { ...body.headers, baggage: `correlation.id=refused-${index}` };
    await client.send({ version: 2, verb: "POST", path: GET, body: utf8, cut: false, ...body, headers });
    const span = await telemetry.one(GET.slice(1), { "correlation.id": `refused-${index}` });
    expect(span.attributes["rpc.status_code"]).toBe(code);
    expect(span.attributes["error.type"]).toBeUndefined();
  }
});

test("an unknown field is ignored, because newer clients may send one", async () => {
  const body = frame(Buffer.concat([order, Buffer.from([0xfa, 0x7f, 2, 1, 2])]));
  const got = await client.send({
    version: 2,
    verb: "POST",
    path: GET,
    headers: {},
    body,
    cut: false,
    ...grpc(body),
  });
  expect(got.code).toBe("0");
});

test("an error carries any text, and no more of it than fits into headers", async () => {
  const own = rpcClient(OrderService, server.url, patient(5_000));
  for (const orderId of ["no 💥, no ü: 100 %\r\nset-cookie: x", `no ${"ä".repeat(20_000)}`]) {
    const error = await own.call.getOrder({ orderId }).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "AppError", code: "not_found" });
    expect([error.message, error.extra.orderId]).toEqual([orderId.slice(0, 512), orderId.slice(0, 512)]);
  }
  own.close();
});

/** Resolves when it has closed. `once` would reject if an error came first. */
const closed = (what: NodeJS.EventEmitter) =>
  new Promise<void>((resolve) => {
    what.on("error", () => {}).on("close", resolve);
  });

describe("a client that behaves badly", () => {
  /** Sends these bytes. Returns what comes back until the server ends the connection. */
  const raw = async (port: number, text: string): Promise<string> => {
    const socket = net.connect({ port, host: "127.0.0.1" });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.write(text);
    await closed(socket);
    return Buffer.concat(chunks).toString("latin1");
  };
  const post = (rest: string) => `POST ${GET} HTTP/1.1\r\ncontent-type: application/json\r\n${rest}`;
  const { port } = server;

  test.each([
    ["sends no host", `POST ${GET} HTTP/1.0\r\ncontent-type: application/json\r\n\r\n`],
    ["sends an invalid host", post("host: [\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")],
  ])("and %s is refused and told why", async (_what, text) => {
    const answer = await raw(port, text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain("Host header");
  });

  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`x-${n}`, "v"]));
  test("with 10,000 headers is refused over HTTP/1.1", async () => {
    const lines = Object.keys(many).map((name) => `${name}: v\r\n`);
    const before = reached;
    // Node cuts the connection while the rest is still on its way, so that the answer may be lost.
    expect(await raw(port, post(`host: x\r\n${lines.join("")}\r\n`))).toMatch(/^(HTTP\/1\.1 431 |$)/);
    expect(reached).toBe(before);
  });

  test("with 10,000 headers is refused over HTTP/2", async () => {
    const before = reached;
    const session = http2.connect(server.url, { maxSendHeaderBlockLength: 10_000_000 });
    session.on("error", () => {});
    const stream = session.request({
      ":method": "POST",
      ":path": GET,
      "content-type": "application/grpc",
      ...many,
    });
    stream.end(frame(order));
    let status: unknown;
    stream.on("response", (headers) => {
      status = headers[":status"];
    });
    await closed(stream.resume());
    expect([undefined, 431]).toContain(status);
    expect(reached).toBe(before);
    session.destroy();
  });

  test("whose message never ends is cut, over HTTP/1.1 and over HTTP/2", async () => {
    const strict = await serveOrders({}, { headersMs: patient(40) });
    const begun = post("host: x\r\ncontent-length: 10\r\n\r\n{");
    expect(await raw(strict.port, begun)).not.toContain("200 OK");
    const session = http2.connect(strict.url);
    const stream = session.request({ ":method": "POST", ":path": GET, "content-type": "application/grpc" });
    stream.write(frame(order).subarray(0, 6));
    await closed(stream.resume());
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_CANCEL);
    session.destroy();
    await strict.close(0);
  });

  test("that opens HTTP/2 and sends no request is cut; one that has sent a request may stay", async () => {
    const strict = await serveOrders({ getOrder: () => ({}) }, { headersMs: patient(40) });
    const asking = http2.connect(strict.url);
    const stream = asking.request({ ":method": "GET", ":path": "/healthz" });
    await once(stream.resume(), "end");
    const silent = http2.connect(strict.url);
    await closed(silent);
    expect(asking.closed).toBe(false);
    asking.destroy();
    await strict.close(0);
  });
});

test("any input is answered with a code and a helpful message, and the next good call works", async () => {
  await fc.assert(
    fc.asyncProperty(sent, async (input) => {
      expect(fault(input, await client.send(input))).toBeUndefined();
    }),
    { numRuns: 300 },
  );
  const good = grpcJs(server.url);
  expect((await good.unary(OrderService.method.getOrder, { orderId: "o" })).order?.orderId).toBe("o");
  good.close();
  const [response] = (await once(http.get(`${server.url}/readyz`), "response")) as [http.IncomingMessage];
  expect(response.statusCode).toBe(200);
});
