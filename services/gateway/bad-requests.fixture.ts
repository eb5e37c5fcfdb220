/**
 * Requests that must be refused, made up by fast-check: each with the status that it must get and what the answer must
 * name. A few good ones are among them, so that a gateway which refuses everything fails.
 */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { anyItem } from "./catalog/bad-items.fixture.ts";
import { get, headerText, idText, type Made, noIdText, noText, post } from "./made.fixture.ts";

const MAX_BODY = 64 * 1024;

const noQuantity = fc.oneof(
  fc.constantFrom<unknown>(
    0,
    -0,
    -1,
    1_001,
    1e9,
    1.5,
    0.1,
    1e300,
    2 ** 53 + 2,
    "1",
    "",
    null,
    true,
    [],
    {},
    [1],
  ),
  fc.integer({ max: 0 }),
  fc.integer({ min: 1_001 }),
  fc.double({ min: 1.001, max: 999.5, noNaN: true, noInteger: true }),
  fc.string(),
);

const item = fc.record({ sku: idText(64), quantity: fc.integer({ min: 1, max: 1_000 }) });
const checkout = fc.record({
  userId: idText(64),
  items: fc.array(item, { minLength: 1, maxLength: 5 }),
  payment: fc.record({ token: idText(128) }),
});
type Checkout = typeof checkout extends fc.Arbitrary<infer T> ? T : never;

const CHECKOUTS = "/api/v1/checkouts";
/** A checkout that must be refused with 422. */
const refuse = (body: unknown, names: string): Made => post(CHECKOUTS, JSON.stringify(body), 422, names);

const withItem = (body: Checkout, index: number, part: object): object => ({
  ...body,
  items: body.items.map((one, at) => (at === index % body.items.length ? { ...one, ...part } : one)),
});
const without = (of: object, name: string): object =>
  Object.fromEntries(Object.entries(of).filter(([key]) => key !== name));

/** A good checkout with one thing wrong. */
const spoilt: fc.Arbitrary<Made> = fc.tuple(checkout, fc.nat(4)).chain(([body, index]) => {
  const at = index % body.items.length;
  const extraName = fc.string().filter((name) => !/^(userId|items|payment|sku|quantity|token)$/.test(name));
  return fc.oneof(
    noQuantity.map((quantity) => refuse(withItem(body, index, { quantity }), `items.${at}.quantity: `)),
    fc.oneof(noIdText(64), noText).map((sku) => refuse(withItem(body, index, { sku }), `items.${at}.sku: `)),
    fc.oneof(noIdText(64), noText).map((userId) => refuse({ ...body, userId }, "userId: ")),
    fc
      .oneof(noIdText(128), noText)
      .map((token) => refuse({ ...body, payment: { token } }, "payment.token: ")),
    fc.constantFrom("userId", "items", "payment").map((name) => refuse(without(body, name), `${name}: `)),
    fc
      .constantFrom("sku", "quantity")
      .map((name) => refuse({ ...body, items: [without(body.items[0] ?? {}, name)] }, `items.0.${name}: `)),
    extraName.map((name) => refuse({ ...body, [name]: 1, x: 1 }, "body: ")),
    extraName.map((name) => refuse(withItem(body, index, { [name]: 1, x: 1 }), `items.${at}: `)),
    extraName.map((name) => refuse({ ...body, payment: { ...body.payment, [name]: 1, x: 1 } }, "payment: ")),
    fc.constantFrom<unknown>([], {}, null, "", 1, {}).map((items) => refuse({ ...body, items }, "items: ")),
    fc
      .integer({ min: 51, max: 1_500 })
      .map((count) =>
        refuse(
          { ...body, items: Array.from({ length: count }, () => ({ sku: "a", quantity: 1 })) },
          "items: ",
        ),
      ),
  );
});

/** A name and an address, one of them wrong. */
const badUser: fc.Arbitrary<Made> = fc
  .oneof(
    fc
      .constantFrom<unknown>(
        "",
        " ",
        "a\nb",
        "a\u0000",
        "a\u2028b",
        "\ud800",
        "x".repeat(201),
        1,
        null,
        [],
        {},
      )
      .map((name) => ({ body: { name, email: "a@example.test" }, names: "name: " })),
    fc
      .constantFrom<unknown>(
        "",
        "a",
        "a@",
        "@b.test",
        "a b@c.test",
        "a@b.test\r\nbcc: x",
        `${"a".repeat(250)}@b.test`,
        1,
        null,
      )
      .map((email) => ({ body: { name: "Ann", email }, names: "email: " })),
  )
  .map(({ body, names }) => post("/api/v1/users", JSON.stringify(body), 422, names));

const unread: fc.Arbitrary<Made> = fc.oneof(
  // An object that is cut off is not JSON.
  fc.tuple(checkout, fc.nat()).map(([body, length]) => {
    const text = JSON.stringify(body);
    return post(CHECKOUTS, text.slice(0, length % text.length), 400, "not JSON");
  }),
  fc
    .constantFrom("NaN", "Infinity", "01", "+1", "1.", "0x1", "undefined", "1_000")
    .map((number) =>
      post(
        CHECKOUTS,
        `{"userId":"a","items":[{"sku":"a","quantity":${number}}],"payment":{"token":"a"}}`,
        400,
        "not JSON",
      ),
    ),
  fc.tuple(checkout, fc.nat(), fc.integer({ min: 0x80, max: 0xff })).map(([body, where, byte]) => {
    const bytes = Buffer.from(JSON.stringify(body));
    const at = where % bytes.length;
    return post(
      CHECKOUTS,
      Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at)]),
      400,
      "not UTF-8",
    );
  }),
  fc
    .integer({ min: 33, max: 30_000 })
    .map((depth) => post(CHECKOUTS, "[".repeat(depth) + "]".repeat(depth), 400, "deeper")),
  fc.integer({ min: 33, max: 10_000 }).map((depth) => post(CHECKOUTS, '{"a":'.repeat(depth), 400, "deeper")),
  fc
    .integer({ min: MAX_BODY + 1, max: 3 * MAX_BODY })
    .map((size) => post(CHECKOUTS, " ".repeat(size), 413, String(MAX_BODY))),
);

/** Unpacks to a thousand times its size. */
const BOMB = gzipSync(Buffer.alloc(20 * MAX_BODY, " "));
const untaken: fc.Arbitrary<Made> = fc.oneof(
  fc
    .oneof(
      headerText,
      fc.constantFrom(
        "text/json",
        "application/xml",
        "application/json; charset=latin1",
        "application/jsonx",
      ),
    )
    .filter((type) => !/^application\/json\s*(;|$)/i.test(type) || /latin1/.test(type))
    .map((type) => post(CHECKOUTS, "{}", 415, "application/json", { "content-type": type })),
  fc
    .constantFrom("gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "GZIP", "x")
    .map((encoding) => post(CHECKOUTS, BOMB, 415, "content encoding", { "content-encoding": encoding })),
);

const NO_KEY = /^[\x21-\x7e]{1,255}$/;
const unfit: fc.Arbitrary<Made> = fc.oneof(
  fc
    .tuple(
      checkout,
      fc.oneof(
        headerText.map((text) => `${text} ${text}`),
        fc.constantFrom("", "é", "x".repeat(256)),
      ),
    )
    .filter(([, key]) => !NO_KEY.test(key))
    .map(([body, key]) =>
      post(CHECKOUTS, JSON.stringify(body), 400, "Idempotency-Key", { "idempotency-key": key }),
    ),
  fc
    .oneof(noIdText(64), fc.constant(""))
    .filter((text) => text.isWellFormed())
    .map((user) => get(`/api/v1/orders?userId=${encodeURIComponent(user)}`, 400, "userId: ")),
  fc
    .oneof(
      fc.constantFrom("0", "-1", "101", "1e1", "1.0", "NaN", "", " 1", "99999999999999999999"),
      fc.string().filter((text) => text.isWellFormed() && !/^\d+$/.test(text)),
    )
    .map((limit) => get(`/api/v1/orders?userId=a&limit=${encodeURIComponent(limit)}`, 400, "limit: ")),
  fc
    .string()
    .filter((text) => text.isWellFormed())
    .map((field) => get(`/api/v1/orders/o-1?fields=${encodeURIComponent(`${field}!`)}`, 400, "fields: ")),
  headerText
    .filter((text) => !/^[0-4]$/.test(text))
    .map((last) => get("/api/v1/orders/o-1/events", 400, "Last-Event-ID", { "last-event-id": last })),
  noIdText(128)
    .filter((text) => text.isWellFormed() && text !== "" && text !== "." && text !== "..")
    .map((id) => get(`/api/v1/orders/${encodeURIComponent(id)}`, 404)),
);

const METHODS = ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "SEARCH", "LOCK", "QUERY"];
const elsewhere: fc.Arbitrary<Made> = fc.oneof(
  fc
    .constantFrom(...METHODS)
    .map((method): Made => ({ method, path: CHECKOUTS, headers: {}, status: 405, names: "POST" })),
  fc.tuple(fc.constantFrom(...METHODS), idText(20)).map(
    ([method, path]): Made => ({
      method,
      path: `/api/v1/none/${path}`,
      headers: {},
      status: 404,
      names: "",
    }),
  ),
  fc
    .constantFrom(
      "text/html",
      "application/vnd.baton.v2+json",
      "application/vnd.baton.v9+json",
      "application/json;q=0",
      "x",
    )
    .map((accept) => get("/api/v1/orders/o-1", 406, "here is: ", { accept })),
  fc.integer({ min: 3, max: 999 }).map((version) => get(`/api/v${version}/orders/o-1`, 406, "v1, v2")),
);

const good: fc.Arbitrary<Made> = fc
  .tuple(checkout, headerText)
  .map(([body, id]) =>
    post(CHECKOUTS, JSON.stringify(body), 201, "", { "x-correlation-id": id, traceparent: id, baggage: id }),
  );

/** One request, mostly a bad one. */
export const anyRequest: fc.Arbitrary<Made> = fc.oneof(
  { weight: 8, arbitrary: spoilt },
  { weight: 2, arbitrary: badUser },
  { weight: 4, arbitrary: unread },
  { weight: 2, arbitrary: untaken },
  { weight: 4, arbitrary: unfit },
  { weight: 2, arbitrary: elsewhere },
  { weight: 4, arbitrary: anyItem },
  { weight: 1, arbitrary: good },
);

/** Bytes that are no request, or one with something impossible in it. */
export const noRequest: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.concat([Buffer.of(0), bytes])),
  fc.stringMatching(/^[a-z]{1,20}$/).map((method) => Buffer.from(`${method} / HTTP/1.1\r\nhost: x\r\n\r\n`)),
  fc
    .integer({ min: 4_500, max: 10_000 })
    .map((count) => Buffer.from(`GET / HTTP/1.1\r\nhost: x\r\n${"a:b\r\n".repeat(count)}\r\n`)),
  fc
    .constantFrom("\u0000", "\u0001", "\r", "\u007f")
    .map((bad) => Buffer.from(`GET / HTTP/1.1\r\nhost: x\r\na: b${bad}c\r\n\r\n`)),
  fc
    .constantFrom("HTTP/3", "HTTP/1.10", "FTP/1.1")
    .map((version) => Buffer.from(`GET / ${version}\r\nhost: x\r\n\r\n`)),
);
