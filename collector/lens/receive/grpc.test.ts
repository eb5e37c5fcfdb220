import { connect } from "node:http2";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { EXPORT, eachWithLens, MAX_REQUEST_BYTES, TRACE_ID } from "../lens.fixture.ts";
import { encodeJson } from "../otlp/json/in.ts";
import { oneSpan } from "../otlp/requests.fixture.ts";

const lens = eachWithLens();

describe("OTLP/gRPC", () => {
  /** A unary call made by hand, so that its frame may be wrong. Returns what gRPC says about it. */
  async function call(path: string, frame: Buffer, headers: Record<string, string> = {}) {
    const session = connect(lens().current.otlpGrpcUrl);
    try {
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      let status: unknown;
      let http: unknown;
      stream.on("response", (received) => {
        http = received[":status"];
        status = received["grpc-status"];
      });
      stream.on("trailers", (received) => {
        status = received["grpc-status"];
      });
      stream.end(frame);
      for await (const _ of stream);
      return { http, status };
    } finally {
      session.destroy();
    }
  }

  const frameOf = (message: Buffer, flag = 0): Buffer => {
    const head = Buffer.from([flag, 0, 0, 0, 0]);
    head.writeUInt32BE(message.length, 1);
    return Buffer.concat([head, message]);
  };
  const request = encodeJson("TracesRequest", oneSpan());

  test("takes a gzipped message", async () => {
    const frame = frameOf(gzipSync(request), 1);
    expect(await call(EXPORT, frame, { "grpc-encoding": "gzip" })).toEqual({ http: 200, status: "0" });
    expect((await lens().get(`/api/v3/traces/${TRACE_ID}`)).body).toEqual({ result: oneSpan() });
  });

  const INVALID_ARGUMENT = "3";
  const RESOURCE_EXHAUSTED = "8";
  const UNIMPLEMENTED = "12";
  test.each([
    ["a truncated message", INVALID_ARGUMENT, frameOf(request.subarray(0, -3)), {}],
    [
      "a frame shorter than it says",
      INVALID_ARGUMENT,
      frameOf(Buffer.concat([request, request])).subarray(0, 5 + request.length),
      {},
    ],
    ["no frame", INVALID_ARGUMENT, Buffer.alloc(0), {}],
    ["two frames", INVALID_ARGUMENT, Buffer.concat([frameOf(request), frameOf(request)]), {}],
    ["a message that is too long", RESOURCE_EXHAUSTED, frameOf(Buffer.alloc(MAX_REQUEST_BYTES)), {}],
    [
      "a gzip bomb",
      RESOURCE_EXHAUSTED,
      frameOf(gzipSync(Buffer.alloc(MAX_REQUEST_BYTES * 50)), 1),
      { "grpc-encoding": "gzip" },
    ],
    ["another compression", UNIMPLEMENTED, frameOf(request, 1), { "grpc-encoding": "br" }],
  ])("refuses %s with status %s and stores nothing", async (_, status, frame, headers) => {
    expect(await call(EXPORT, frame, headers)).toEqual({ http: 200, status });
    expect(await lens().counter("lens_stored_total", 'signal="traces"')).toBe(0);
    expect(await lens().counter("lens_received_total", 'signal="traces"')).toBe(1);
  });

  test("refuses pages of other origins with status 7, before their message is read", async () => {
    const frame = frameOf(request);
    expect(await call(EXPORT, frame, { origin: "http://evil.example" })).toEqual({ http: 200, status: "7" });
    expect(await call(EXPORT, frame, { origin: "http://localhost:5173" })).toEqual({
      http: 200,
      status: "0",
    });
    expect(await lens().counter("lens_received_total", 'signal="traces"')).toBe(1);
  });

  test("does not know other methods, nor content that is not gRPC", async () => {
    expect(await call("/some.Service/Method", frameOf(request))).toEqual({
      http: 200,
      status: UNIMPLEMENTED,
    });
    const { http } = await call(EXPORT, frameOf(request), { "content-type": "application/json" });
    expect(http).toBe(415);
  });
});
