import { expect, test } from "vitest";
import { exportResponse, exportResponseJson, REFUSALS, rpcStatus, rpcStatusJson } from "./answer.ts";

/** What OTLP lets a sender try again, over HTTP and over gRPC (RESOURCE_EXHAUSTED only when it says when). */
const RETRYABLE_HTTP = [429, 502, 503, 504];
const RETRYABLE_RPC = [1, 4, 10, 11, 14, 15];

test.each(Object.entries(REFUSALS))(
  "%s may be tried again over both protocols or over neither",
  (_, refusal) => {
    const { http, rpc, retryAfterS } = refusal;
    expect(RETRYABLE_HTTP.includes(http)).toBe(RETRYABLE_RPC.includes(rpc));
    expect(retryAfterS !== null).toBe(RETRYABLE_HTTP.includes(http));
  },
);

test("when to try again is in the status, in protobuf and in JSON", () => {
  const json = rpcStatusJson(REFUSALS.busy, "later");
  expect(json).toEqual({
    code: 14,
    message: "later",
    details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1s" }],
  });
  const type = Buffer.from("type.googleapis.com/google.rpc.RetryInfo");
  // Any: its type 1, its value 2, which is RetryInfo: a Duration 1 with seconds 1.
  const any = Buffer.concat([
    Buffer.from([0x0a, type.length]),
    type,
    Buffer.from([0x12, 4, 0x0a, 2, 0x08, 1]),
  ]);
  expect(rpcStatus(REFUSALS.busy, "later")).toEqual(
    Buffer.concat([
      Buffer.from([0x08, 14, 0x12, 5]),
      Buffer.from("later"),
      Buffer.from([0x1a, any.length]),
      any,
    ]),
  );
  expect(rpcStatusJson(REFUSALS.malformed, "wrong")).toEqual({ code: 3, message: "wrong" });
});

test("what was left out is said with each reason, and nothing when all was taken", () => {
  expect(exportResponse({ rejected: { invalid_id: 0, too_complex: 0 } })).toEqual(Buffer.alloc(0));
  const rejected = { invalid_id: 1, too_complex: 2 };
  expect(exportResponseJson("logs", { rejected })).toEqual({
    partialSuccess: {
      rejectedLogRecords: "3",
      errorMessage: expect.stringMatching(/valid trace id.*; .*deeper/),
    },
  });
  // The message 1, of more than 127 bytes, and in it the number 1.
  expect([...exportResponse({ rejected }).subarray(3, 5)]).toEqual([0x08, 3]);
});
