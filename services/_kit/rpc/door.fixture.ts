/** Bad input for an RPC server: how it is made up, how it is sent, and what must be true of every answer. */
import * as http from "node:http";
import * as http2 from "node:http2";
import { gzipSync } from "node:zlib";
import fc from "fast-check";

const ORDERS = "/baton.orders.v1.OrderService";

export interface Sent {
  readonly version: 1 | 2;
  readonly verb: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The client disconnects in the middle of the body. */
  readonly cut: boolean;
}

export interface Got {
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  /** gRPC's from the trailers, or from the headers of an answer without a body; Connect's from the body. */
  readonly code: string | undefined;
  readonly message: string;
  readonly body: string;
}

/** A message in its envelope. `length` and `flags` may be wrong. */
export function frame(message: Buffer, flags = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

export const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
export const deepJson = (depth: number) =>
  Buffer.from(`{"orderId":${"[".repeat(depth)}${"]".repeat(depth)}}`);
/** GetOrderRequest { order_id: "o" }. */
const valid = Buffer.from([0x0a, 1, 0x6f]);

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const message = fc.oneof(
  bytes(200),
  fc.constantFrom(
    valid,
    Buffer.concat([valid, Buffer.from([0xfa, 0x7f, 2, 1, 2])]), // an unknown field
    Buffer.from([0x0a, 2, 0xc3, 0x28]), // not UTF-8
    Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]), // a length of 4 GiB inside
    Buffer.alloc(70 * 1024),
    gzipSync(valid),
  ),
);
const framed = fc
  .record({
    message,
    flags: fc.oneof(fc.constantFrom(0, 1, 2, 128), fc.nat(255)),
    length: fc.option(fc.constantFrom(0, 1, 70_000, 0xffffffff), { nil: undefined, freq: 3 }),
  })
  .map((parts) => frame(parts.message, parts.flags, parts.length));
const json = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.json().map((value) => `{"orderId":${value}}`),
  fc.constantFrom("{", "", "null", '{"orderId":"\\ud800"}', '{"limit":1e309}', '{"order_id":1,"orderId":2}'),
  fc.string({ unit: "binary" }),
);
const body = fc.oneof(
  message,
  framed,
  fc.array(framed, { maxLength: 3 }).map((frames) => Buffer.concat(frames)),
  json.map((text) => Buffer.from(text)),
  fc.constant(deepJson(20_000)),
);

const TYPES = [
  "application/grpc",
  "application/grpc+proto",
  "application/grpc+json",
  "application/grpc-web",
  "application/grpc-web+proto",
  "application/proto",
  "application/json",
  "application/connect+proto",
  "application/connect+json",
];
const visibleText = fc.stringMatching(/^[ -~]{0,20}$/);
const headers = fc
  .record(
    {
      "content-type": fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...TYPES) },
        { weight: 1, arbitrary: visibleText },
      ),
      "grpc-timeout": fc.oneof(fc.constantFrom("10S", "99999999H", "0n", "-1S", "soon"), visibleText),
      "connect-timeout-ms": fc.oneof(fc.constantFrom("10000", "9999999999", "-1", "1e3"), visibleText),
      "grpc-encoding": fc.constantFrom("gzip", "br", "identity", "zip"),
      "connect-content-encoding": fc.constantFrom("gzip", "br", "zip"),
      "content-encoding": fc.constantFrom("gzip", "br", "identity", "zip"),
      "connect-protocol-version": fc.constantFrom("1", "2"),
      traceparent: visibleText,
      baggage: visibleText,
    },
    { requiredKeys: [] },
  )
  .map((made) => Object.fromEntries(Object.entries(made).map(([name, value]) => [name, value.trim()])));
const path = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(`${ORDERS}/GetOrder`, `${ORDERS}/ListOrders`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      `${ORDERS}/Steal`,
      "/",
      "/grpc.health.v1.Health/Check",
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      "/../..",
      `${ORDERS}/GetOrder?encoding=json&message=%`,
      `${ORDERS}/GetOrder?connect=v1&encoding=proto&base64=1&message=_`,
    ),
  },
  { weight: 1, arbitrary: fc.webPath().map((made) => (made.startsWith("/") ? made : `/${made}`)) },
);

/** For the report of a failure, because a whole body may have 70 KiB. */
function brief({ version, verb, path, headers, body, cut }: Sent): string {
  const start = body.subarray(0, 40).toString("latin1");
  return JSON.stringify({ version, verb, path, headers, body: `${body.length}: ${start}`, cut });
}

export const sent: fc.Arbitrary<Sent> = fc
  .record({
    version: fc.constantFrom(1 as const, 2 as const),
    verb: fc.oneof(
      { weight: 9, arbitrary: fc.constant("POST") },
      { weight: 1, arbitrary: fc.constantFrom("GET", "PUT", "DELETE", "OPTIONS", "PATCH") },
    ),
    path,
    headers,
    body,
    cut: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  })
  .map((made) => Object.defineProperty(made, fc.toStringMethod, { value: () => brief(made) }));

/** A client that sends any bytes, with one connection of each HTTP version. */
export function rawClient(url: string) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  let session: http2.ClientHttp2Session | undefined;
  const viaHttp2 = () => {
    if (session === undefined || session.closed || session.destroyed) {
      session = http2.connect(url);
      session.on("error", () => {});
    }
    return session;
  };
  /**
   * A request without an answer is sent again on its own connection, where there must be an answer: a shared connection
   * may end because of another request. Node's server closes the connection of a client that resets a thousand streams
   * faster than 33 a second, as this one does on purpose. A kept-alive connection may be closed just when it is reused.
   */
  const send = async (what: Sent): Promise<Got> => {
    const got = await (what.version === 1 ? overHttp1(url, agent, what) : overHttp2(viaHttp2(), what));
    if (got.status !== undefined || what.cut) return got;
    if (what.version === 1) return overHttp1(url, false, what);
    const own = http2.connect(url);
    own.on("error", () => {});
    return overHttp2(own, what).finally(() => own.destroy());
  };
  return {
    send,
    close: () => {
      agent.destroy();
      session?.destroy();
    },
  };
}

/** Collects what comes until the stream closes. */
function collect(stream: NodeJS.ReadableStream, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("close", () => done(Buffer.concat(chunks).toString("latin1")));
}

function overHttp1(url: string, agent: http.Agent | false, what: Sent): Promise<Got> {
  return new Promise((resolve) => {
    const request = http.request(new URL(url), {
      agent,
      method: what.verb,
      path: what.path,
      headers: { ...what.headers, "content-length": what.body.length + (what.cut ? 10 : 0) },
    });
    request.on("error", () => resolve(read(undefined, {}, {}, "")));
    request.on("response", (response) => {
      collect(response, (body) =>
        resolve(read(response.statusCode, response.headers, response.trailers, body)),
      );
    });
    if (what.cut) request.write(what.body, () => request.destroy());
    else request.end(what.body);
  });
}

function overHttp2(session: http2.ClientHttp2Session, what: Sent): Promise<Got> {
  return new Promise((resolve) => {
    const stream = session.request(
      { ":method": what.verb, ":path": what.path, ...what.headers },
      { endStream: false },
    );
    let headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on("error", () => {});
    stream.on("response", (received) => {
      headers = received;
    });
    stream.on("trailers", (received) => {
      trailers = received;
    });
    collect(stream, (body) => resolve(read(headers[":status"], headers, trailers, body)));
    if (what.cut) stream.write(what.body, () => stream.close(http2.constants.NGHTTP2_CANCEL));
    else stream.end(what.body);
  });
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function read(status: number | undefined, headers: Headers, trailers: Headers, body: string): Got {
  const one = (name: string) => {
    const value = trailers[name] ?? headers[name] ?? new RegExp(`${name}: (.*)\\r\\n`).exec(body)?.[1];
    return typeof value === "string" ? value : undefined;
  };
  const connect = /"code":"([a-z_]+)"/.exec(body)?.[1];
  const grpc = one("grpc-message");
  const said = /"message":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? "";
  const message = grpc === undefined ? said : decodeURIComponent(grpc);
  return { status, code: one("grpc-status") ?? connect, message, body };
}

/** What is wrong with an answer to bad input; undefined when nothing is. */
export function fault(what: Sent, got: Got): string | undefined {
  if (got.status === undefined) return what.cut ? undefined : `no answer to ${brief(what)}`;
  if (/\bat .+:\d+:\d+|node_modules|\.[jt]s:\d/.test(got.body + got.message)) return "a stack trace";
  // Reflection answers each message of its stream, and the shortest one has 5 bytes.
  const mostBytes = 8 * 1024 + (what.path.includes("Reflection") ? what.body.length * 10 : 0);
  if (got.body.length > mostBytes) return "an answer that is too long";
  if (got.code === "2" || got.code === "unknown") return "a code that says nothing";
  // Connect answers 501 for what is not implemented, 504 for a timeout and 505 for a too low HTTP version.
  if (got.status >= 500 && ![501, 504, 505].includes(got.status) && got.code !== "internal")
    return `HTTP ${got.status}`;
  // gRPC's own rule: INTERNAL for a compressed message without the name of its encoding.
  const internal = got.code === "13" || got.code === "internal";
  if (internal && !/compress/.test(got.message)) return "a failure of ours";
  const good = got.code === undefined ? got.status < 400 : got.code === "0";
  if (!good && got.message.trim() === "") return "no word of what is wrong";
  return undefined;
}
