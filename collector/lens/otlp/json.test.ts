import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OtlpError } from "./error.ts";
import { encodeJson } from "./json-in.ts";
import { decodeJson } from "./json-out.ts";
import { logsRequest, oneSpan, tracesRequest } from "./requests.fixture.ts";

const roundTrip = (request: unknown): unknown =>
  decodeJson("TracesRequest", encodeJson("TracesRequest", request));

describe("OTLP/JSON", () => {
  test("comes back as it went in, through protobuf", () => {
    const traces = fc.property(tracesRequest, (request) => {
      expect(roundTrip(request)).toEqual(request);
    });
    const logs = fc.property(logsRequest, (request) => {
      expect(decodeJson("LogsRequest", encodeJson("LogsRequest", request))).toEqual(request);
    });
    fc.assert(traces);
    fc.assert(logs);
  });

  test.each([
    ["an enum by its name", { kind: "SPAN_KIND_SERVER" }, { kind: 2 }],
    ["a status code by its name", { status: { code: "STATUS_CODE_ERROR" } }, { status: { code: 2 } }],
    ["a time as a number", { startTimeUnixNano: 1000 }, { startTimeUnixNano: "1000" }],
    ["a field in the spelling of the .proto file", { trace_state: "a=b" }, { traceState: "a=b" }],
    ["ids in capitals", { spanId: "B7AD6B7169203331" }, { spanId: "b7ad6b7169203331" }],
    ["an unknown field, which is left out", { colour: "blue" }, {}],
    ["null, which is the same as nothing", { events: null, status: null }, {}],
    [
      "an integer as a number",
      { attributes: [{ key: "n", value: { intValue: -5 } }] },
      { attributes: [{ key: "n", value: { intValue: "-5" } }] },
    ],
    [
      "zero and empty values of attributes, which are kept",
      {
        attributes: [
          { key: "a", value: { stringValue: "" } },
          { key: "b", value: { boolValue: false } },
        ],
      },
      {
        attributes: [
          { key: "a", value: { stringValue: "" } },
          { key: "b", value: { boolValue: false } },
        ],
      },
    ],
    [
      "doubles that JSON has no number for",
      { attributes: [{ key: "n", value: { doubleValue: "-Infinity" } }] },
      { attributes: [{ key: "n", value: { doubleValue: "-Infinity" } }] },
    ],
  ])("takes %s", (_, given, expected) => {
    expect(roundTrip(oneSpan(given))).toEqual(oneSpan(expected));
  });

  test.each([
    ["an id that is not hex", oneSpan({ traceId: "xyz" })],
    ["a time below zero", oneSpan({ startTimeUnixNano: "-1" })],
    ["a time beyond 64 bits", oneSpan({ startTimeUnixNano: "18446744073709551616" })],
    ["a fraction for an integer", oneSpan({ attributes: [{ key: "n", value: { intValue: 1.5 } }] })],
    ["an unknown enum name", oneSpan({ kind: "SPAN_KIND_SIDEWAYS" })],
    ["an object for an array", { resourceSpans: {} }],
    ["an array for an object", []],
    ["a number for a string", oneSpan({ name: 7 })],
    ["nothing at all", null],
    ["values nested without end", oneSpan({ attributes: [{ key: "deep", value: nested(5000) }] })],
  ])("refuses %s", (_, request) => {
    expect(() => encodeJson("TracesRequest", request)).toThrow(OtlpError);
  });
});

function nested(depth: number): object {
  let value: object = { stringValue: "end" };
  for (let i = 0; i < depth; i++) value = { arrayValue: { values: [value] } };
  return value;
}
