/** Hostile requests for the two doors: the public edge, and a port that only services should reach. */
import fc from "fast-check";
import { sent as anyCall, frame, type Sent } from "../../services/_kit/rpc/door.fixture.ts";
import { anyRequest, noRequest } from "../../services/gateway/bad-requests.fixture.ts";
import { encodeCheckout } from "./calls.ts";
import { connections } from "./frames.ts";
import { baggage, correlation, legalText, traceparent, tracestate } from "./values.ts";

export const KINDS = ["headers", "baggage", "traceparent", "bodies", "HTTP/2 frames"] as const;
export const DOORS = ["edge", "internal"] as const;
export type Kind = (typeof KINDS)[number];
export type Door = (typeof DOORS)[number];

interface Of {
  readonly door: Door;
  readonly kind: Kind;
}
/** HTTP/1.1 as bytes, which no client library would send. */
export interface Bytes extends Of {
  readonly form: "bytes";
  readonly method: string;
  readonly path: string;
  readonly bytes: Buffer;
  /** The status that must come; undefined where several are right. */
  readonly status?: number;
  /** HTTP itself refuses it, so that the server may close without an answer. */
  readonly isBroken?: boolean;
}
/** A call in any RPC protocol. */
export interface Call extends Of {
  readonly form: "call";
  readonly call: Sent;
  readonly status?: number;
}
/** What is sent on one HTTP/2 connection behind the preface. */
export interface Frames extends Of {
  readonly form: "frames";
  readonly bytes: Buffer;
}
export type Hostile = Bytes | Call | Frames;

type Header = readonly [name: string, value: string];

const CHECKOUTS = "/api/v1/checkouts";
const CHECKOUT = "/baton.orders.v1.OrderService/Checkout";
/** A user of its own for each request. */
const user = fc.uuid().map((id) => `hostile-${id}`);
const orderOf = (userId: string): string =>
  JSON.stringify({ userId, items: [{ sku: "teapot", quantity: 1 }], payment: { token: "tok_visa" } });

function http1(method: string, path: string, headers: readonly Header[], body: Buffer | string = ""): Buffer {
  const own: Header[] = [
    ["host", "127.0.0.1"],
    ["connection", "close"],
    ...(body.length > 0 ? [["content-length", String(Buffer.byteLength(body))] as const] : []),
  ];
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const lines = [...own.filter(([name]) => !given.has(name)), ...headers];
  const head = `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(body)]);
}

const JSON_TYPE: Header = ["content-type", "application/json"];

/** A checkout that is good but for these headers, at one of the doors. */
const checkoutWith = (
  door: Door,
  kind: Kind,
  headers: fc.Arbitrary<readonly Header[]>,
): fc.Arbitrary<Hostile> =>
  door === "edge"
    ? fc.tuple(user, headers).map(([userId, more]): Bytes => {
        const bytes = http1("POST", CHECKOUTS, [JSON_TYPE, ...more], orderOf(userId));
        return { door, kind, form: "bytes", method: "POST", path: CHECKOUTS, bytes, status: 201 };
      })
    : fc
        .tuple(user, headers, fc.constantFrom(1 as const, 2 as const), fc.boolean())
        .map(([userId, more, version, isGrpc]): Call => {
          const type = isGrpc && version === 2 ? "application/grpc+proto" : "application/json";
          const message = encodeCheckout(userId, type);
          // Where the baggage is not what is hostile, it carries an id to find the checkout by.
          const known = { baggage: `correlation.id=${userId}` };
          const call: Sent = {
            version,
            verb: "POST",
            path: CHECKOUT,
            headers: { "content-type": type, ...known, ...Object.fromEntries(more) },
            body: type === "application/json" ? message : frame(message),
            cut: false,
          };
          return { door, kind, form: "call", call, status: 200 };
        });

/** Requests that change nothing, with these headers. */
const readWith = (door: Door, kind: Kind, headers: fc.Arbitrary<readonly Header[]>): fc.Arbitrary<Bytes> =>
  fc
    .tuple(
      fc.constantFrom("/api/v1/orders/o-1", "/api/v1/orders?userId=ann", "/healthz", "/nowhere"),
      headers,
    )
    .map(([path, more]) => ({
      door,
      kind,
      form: "bytes",
      method: "GET",
      path,
      bytes: http1("GET", path, more),
    }));

const contextOf = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<readonly Header[]> =>
  value.map((text) => [[name, text.trim()]]);
const parents = fc.oneof(
  contextOf("traceparent", traceparent),
  fc.tuple(traceparent, tracestate).map(([parent, state]): readonly Header[] => [
    ["traceparent", parent.trim()],
    ["tracestate", state.trim()],
  ]),
);
const bags = fc.oneof(
  contextOf("baggage", baggage),
  fc.tuple(baggage, correlation).map(([bag, id]): readonly Header[] => [
    ["baggage", bag.trim()],
    ["x-correlation-id", id.trim()],
  ]),
);

/** Headers that HTTP, or what is behind it, may refuse. */
const oddHeader: fc.Arbitrary<Header> = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      "accept",
      "content-type",
      "content-encoding",
      "expect",
      "te",
      "upgrade",
      "origin",
      "cookie",
    ),
    legalText,
  ),
  fc.tuple(
    fc.constantFrom("idempotency-key", "last-event-id", "if-none-match", "x-forwarded-for"),
    legalText,
  ),
  fc.constantFrom<Header>(
    ["transfer-encoding", "chunked"],
    ["transfer-encoding", "chunked, identity"],
    ["content-length", "-1"],
    ["content-length", "99999999999999999999"],
    ["content-length", "5"],
    ["expect", "100-continue"],
    ["upgrade", "h2c"],
    ["upgrade", "websocket"],
    ["host", "["],
    ["host", ""],
    ["connection", "keep-alive, x-correlation-id, traceparent"],
    ["b3", "0"],
    ["x-b3-traceid", "0"],
    ["Traceparent", "00-0-0-00"],
  ),
  fc.tuple(
    fc.constantFrom("x-big", "x-correlation-id"),
    fc.constantFrom("x".repeat(15_000), "x".repeat(70_000)),
  ),
  fc.constantFrom<Header>(
    ["a b", "x"],
    ["", "x"],
    ["x\u0000", "x"],
    ["x", "a\u0000b"],
    ["x", "a\rb"],
    ["x", "a\n b"],
  ),
);
const manyHeaders = fc
  .constantFrom(50, 1_500, 9_000)
  .map((count): readonly Header[] => Array.from({ length: count }, (_, i) => [`x-${i}`, "v"]));
const oddHeaders = fc.oneof(
  { weight: 6, arbitrary: fc.array(oddHeader, { minLength: 1, maxLength: 4 }) },
  manyHeaders,
);

/** Odd headers on a request that would be good without them. */
const withOddHeaders = (door: Door): fc.Arbitrary<Bytes> =>
  fc.tuple(user, oddHeaders).map(([userId, headers]) => {
    const path = door === "edge" ? CHECKOUTS : CHECKOUT;
    const body = door === "edge" ? orderOf(userId) : encodeCheckout(userId, "application/json");
    const bytes = http1("POST", path, [JSON_TYPE, ...headers], body);
    return { door, kind: "headers", form: "bytes", method: "POST", path, bytes, isBroken: true };
  });

/** The run has faults off, and then the catalogue is not written over REST, whatever the body would change. */
const isForbidden = (method: string, path: string, status: number): boolean =>
  method !== "GET" && path.startsWith("/api/v1/items") && (status === 404 || status === 422);

const edgeBodies: fc.Arbitrary<Bytes> = fc.oneof(
  {
    weight: 9,
    arbitrary: anyRequest.map(({ method, path, headers, body, status }): Bytes => {
      const bytes = http1(method, path, Object.entries(headers), body);
      // What would be good here orders things that the shop has not.
      const wanted = status === 201 ? {} : { status: isForbidden(method, path, status) ? 403 : status };
      return { door: "edge", kind: "bodies", form: "bytes", method, path, bytes, ...wanted };
    }),
  },
  noRequest.map((bytes): Bytes => {
    return { door: "edge", kind: "bodies", form: "bytes", method: "", path: "", bytes, isBroken: true };
  }),
);

/** The hostile requests of each kind at each door. */
export const HOSTILE: Readonly<Record<Door, Readonly<Record<Kind, fc.Arbitrary<Hostile>>>>> = {
  edge: {
    headers: fc.oneof(
      withOddHeaders("edge"),
      checkoutWith("edge", "headers", contextOf("x-correlation-id", correlation)),
    ),
    baggage: fc.oneof(checkoutWith("edge", "baggage", bags), readWith("edge", "baggage", bags)),
    traceparent: fc.oneof(
      checkoutWith("edge", "traceparent", parents),
      readWith("edge", "traceparent", parents),
    ),
    bodies: edgeBodies,
    "HTTP/2 frames": connections.map((bytes) => ({
      door: "edge",
      kind: "HTTP/2 frames",
      form: "frames",
      bytes,
    })),
  },
  internal: {
    headers: withOddHeaders("internal"),
    baggage: checkoutWith("internal", "baggage", contextOf("baggage", baggage)),
    traceparent: checkoutWith("internal", "traceparent", parents),
    bodies: anyCall.map((call) => ({ door: "internal", kind: "bodies", form: "call", call })),
    "HTTP/2 frames": connections.map((bytes) => ({
      door: "internal",
      kind: "HTTP/2 frames",
      form: "frames",
      bytes,
    })),
  },
};
