/**
 * Whatever comes through lens' OTLP door: the answer is one that OTLP knows, nothing is stored of what was refused,
 * nothing grows, and the next good request works. 10,000 cases, by HTTP and gRPC, over real connections.
 */
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:http2";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXPORT, onPorts, TestLens } from "./lens.fixture.ts";
import { encodeJson } from "./otlp/json/in.ts";
import { logsRequest, oneSpan, textAttribute, tracesRequest } from "./otlp/requests.fixture.ts";

interface Case {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

let lens: TestLens;
const agent = new Agent({ keepAlive: true, maxSockets: 4 });
beforeAll(async () => {
  lens = new TestLens(await onPorts("0", "0", { LENS_STORE_BYTES: String(1024 * 1024) }));
});
afterAll(async () => {
  agent.destroy();
  await lens.current.stop();
});

const PROTOBUF = { "content-type": "application/x-protobuf" };
const JSON_TYPE = { "content-type": "application/json" };

/** Not fetch: that would refuse some of these before they are sent. */
function send({
  path,
  method,
  headers,
  body,
}: Case): Promise<{ status: number; type: string; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(lens.current.otlpHttpUrl);
    const sent = httpRequest({
      agent,
      hostname,
      port,
      path,
      method,
      headers: { ...headers, "content-length": body.length },
    });
    sent.once("error", reject);
    sent.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const { statusCode = 0 } = response;
        const type = response.headers["content-type"] ?? "";
        resolve({ status: statusCode, type, body: Buffer.concat(chunks) });
      });
    });
    sent.end(body);
  });
}

const damage = (bytes: Buffer, changes: readonly (readonly [number, number])[]): Buffer => {
  const damaged = Buffer.from(bytes);
  for (const [at, byte] of changes) if (damaged.length > 0) damaged[at % damaged.length] = byte;
  return damaged;
};
const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
const valid = fc.oneof(
  tracesRequest.map((request) => ({ signal: "traces", request, message: "TracesRequest" }) as const),
  logsRequest.map((request) => ({ signal: "logs", request, message: "LogsRequest" }) as const),
);
const signal = fc.constantFrom("traces", "logs", "metrics");
const post = (signalName: string, headers: Case["headers"], body: Buffer): Case => ({
  path: `/v1/${signalName}`,
  method: "POST",
  headers,
  body,
});

/** Random JSON where OTLP wants something else. */
const wrongJson = fc
  .tuple(fc.constantFrom("resourceSpans", "resourceLogs", "resourceMetrics"), fc.jsonValue({ maxDepth: 6 }))
  .map(([name, value]) => Buffer.from(JSON.stringify({ [name]: value })));
const wrongSpan = fc
  .tuple(
    fc.constantFrom(
      "traceId",
      "spanId",
      "name",
      "kind",
      "startTimeUnixNano",
      "attributes",
      "events",
      "links",
      "status",
    ),
    fc.jsonValue(),
  )
  .map(([field, value]) => Buffer.from(JSON.stringify(oneSpan({ [field]: value }))));

const cases: fc.Arbitrary<Case> = fc.oneof(
  fc.tuple(signal, fc.uint8Array({ maxLength: 300 })).map(([s, b]) => post(s, PROTOBUF, Buffer.from(b))),
  fc.tuple(signal, fc.uint8Array({ maxLength: 300 })).map(([s, b]) => post(s, JSON_TYPE, Buffer.from(b))),
  fc
    .tuple(valid, changes)
    .map(([{ signal: s, request, message }, wrong]) =>
      post(s, PROTOBUF, damage(encodeJson(message, request), wrong)),
    ),
  fc
    .tuple(valid, changes)
    .map(([{ signal: s, request }, wrong]) =>
      post(s, JSON_TYPE, damage(Buffer.from(JSON.stringify(request)), wrong)),
    ),
  fc.tuple(valid, changes).map(([{ signal: s, request, message }, wrong]) => {
    const headers = { ...PROTOBUF, "content-encoding": "gzip" };
    return post(s, headers, damage(gzipSync(encodeJson(message, request)), wrong));
  }),
  fc.tuple(signal, fc.oneof(wrongJson, wrongSpan)).map(([s, body]) => post(s, JSON_TYPE, body)),
  fc.record({
    path: fc.constantFrom(
      "/v1/traces",
      "/v1/logs",
      "/v1/profiles",
      "/",
      "/v1/traces/../..",
      "/v1/traces?x=y",
    ),
    method: fc.constantFrom("POST", "PUT", "GET", "DELETE", "OPTIONS", "PATCH"),
    headers: fc
      .tuple(
        fc.constantFrom(
          "application/x-protobuf",
          "application/json",
          "text/plain",
          "",
          "application/json; charset=x",
        ),
        fc.constantFrom("gzip", "identity", "br", "deflate", "GZIP", "gzip, gzip"),
      )
      .map(([type, encoding]) => ({ "content-type": type, "content-encoding": encoding })),
    body: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  }),
);

/** When a sender may try again. */
const RETRY = {
  "@type": "type.googleapis.com/google.rpc.RetryInfo",
  retryDelay: expect.stringMatching(/^\d+s$/),
};
const KNOWN = [200, 400, 404, 405, 413, 415, 503];

/** What is stored less what was evicted, by the counters, and the bytes that it takes. */
async function held(): Promise<{ items: number; bytes: number }> {
  const text = await (await fetch(`${lens.current.url}/metrics`)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{signal="(?:traces|logs)"\\} (\\d+)$`, "gm"))]
      .map((match) => Number(match[1]))
      .reduce((a, b) => a + b, 0);
  const bytes = Number(/^lens_store_bytes (\d+)$/m.exec(text)?.[1]);
  return { items: sum("lens_stored_total"), bytes };
}

test("10,000 requests over HTTP, good, damaged and wrong, each get an answer of OTLP's, and what is refused leaves nothing", async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      number++;
      const look = number % 20 === 0;
      const before = look ? await held() : null;
      const { status, type, body } = await send(one);
      expect(KNOWN).toContain(status);
      const wanted =
        one.headers["content-type"] === "application/x-protobuf"
          ? "application/x-protobuf"
          : "application/json";
      expect(type).toBe(wanted);
      if (status !== 200) expect(body.length).toBeGreaterThan(0);
      if (status !== 200 && wanted === "application/json") {
        expect(JSON.parse(body.toString())).toEqual({
          code: expect.any(Number),
          message: expect.any(String),
          ...(status === 503 && { details: [RETRY] }),
        });
      }
      if (before && status !== 200) expect((await held()).items).toBe(before.items);
      if (!look) return;
      expect((await held()).bytes).toBeLessThanOrEqual(1024 * 1024);
      const traceId = number.toString(16).padStart(32, "f");
      const good = await send(post("traces", JSON_TYPE, Buffer.from(JSON.stringify(oneSpan({ traceId })))));
      expect([good.status, good.body.toString()]).toEqual([200, "{}"]);
    }),
    { numRuns: 10_000 },
  );
});

test("2,000 gRPC calls with any frame and any message each end with a status", async () => {
  const session = connect(lens.current.otlpGrpcUrl);
  const call = (frame: Buffer, headers: Record<string, string>): Promise<string> =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        ":method": "POST",
        ":path": EXPORT,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      let status = "";
      const note = (received: Record<string, unknown>): void => {
        status ||= String(received["grpc-status"] ?? "");
      };
      stream.on("response", note);
      stream.on("trailers", note);
      stream.once("error", reject);
      stream.once("close", () => resolve(status));
      stream.resume();
      stream.end(frame);
    });
  const framed = (flag: number, length: number, message: Buffer): Buffer => {
    const head = Buffer.from([flag, 0, 0, 0, 0]);
    head.writeUInt32BE(length, 1);
    return Buffer.concat([head, message]);
  };
  const message = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(tracesRequest, changes)
      .map(([request, wrong]) => damage(encodeJson("TracesRequest", request), wrong)),
  );
  const frame = fc
    .tuple(message, fc.constantFrom(0, 0, 0, 1, 2), fc.constantFrom(0, 0, 0, 1, -1, 1e9))
    .map(([bytes, flag, off]) => framed(flag, Math.max(0, bytes.length + off), bytes));
  const encoding = fc.constantFrom<Record<string, string>>(
    {},
    { "grpc-encoding": "gzip" },
    { "grpc-encoding": "br" },
  );
  try {
    await fc.assert(
      fc.asyncProperty(frame, encoding, async (bytes, headers) => {
        expect(["0", "3", "8", "12"]).toContain(await call(bytes, headers));
      }),
      { numRuns: 2_000 },
    );
  } finally {
    session.destroy();
  }
});

describe("what is huge", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => textAttribute(`k${i}`, ""));
  let deep: object = { stringValue: "x" };
  for (let i = 0; i < 500; i++) deep = { arrayValue: { values: [deep] } };
  const huge = (span: object): Buffer =>
    Buffer.from(JSON.stringify(oneSpan({ spanId: "00000000000000bb", ...span })));
  const gzip = { ...JSON_TYPE, "content-encoding": "gzip" };
  test.each([
    ["10,000 attributes", 413, JSON_TYPE, huge({ attributes: many })],
    ["a string of a megabyte", 413, JSON_TYPE, huge({ name: "x".repeat(1024 * 1024) })],
    ["a gzip bomb of 64 MB", 413, gzip, gzipSync(Buffer.alloc(64 * 1024 * 1024, " "))],
    ["a bomb in a bomb", 400, gzip, gzipSync(gzipSync(Buffer.alloc(64 * 1024 * 1024)))],
  ])("%s is refused with %i, and nothing is stored", async (_, status, headers, body) => {
    const before = await held();
    const answer = await send(post("traces", headers, body));
    expect(answer.status).toBe(status);
    expect(await held()).toEqual(before);
  });

  test("a span with values nested 500 deep is left out, and the answer says so", async () => {
    const before = await held();
    const answer = await send(post("traces", JSON_TYPE, huge({ attributes: [{ key: "k", value: deep }] })));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toEqual({
      partialSuccess: { rejectedSpans: "1", errorMessage: expect.stringContaining("nested deeper") },
    });
    expect(await held()).toEqual(before);
  });
});
