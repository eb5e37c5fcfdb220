import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OtlpError } from "./error.ts";
import { encodeJson } from "./json-in.ts";
import { decodeJson } from "./json-out.ts";
import { JsonText } from "./json-text.ts";
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

describe("OTLP/JSON as text", () => {
  /** Says the same as the objects would. */
  const agree = (message: "TracesRequest" | "LogsRequest" | "Event", bytes: Buffer): void => {
    const text = new JsonText();
    text.message(message, bytes);
    // Byte for byte: what is no UTF-8 would look alike as text.
    const same = Buffer.from(JSON.stringify(decodeJson(message, bytes)));
    expect(text.bytes.toString("latin1")).toBe(same.toString("latin1"));
  };

  test("is that of the objects, to the letter", () => {
    const traces = fc.property(tracesRequest, (request) =>
      agree("TracesRequest", encodeJson("TracesRequest", request)),
    );
    const logs = fc.property(logsRequest, (request) =>
      agree("LogsRequest", encodeJson("LogsRequest", request)),
    );
    fc.assert(traces);
    fc.assert(logs);
  });

  test("a field that comes again later, as protobuf allows, is one field", () => {
    const again = fc.property(tracesRequest, tracesRequest, (one, other) => {
      const bytes = [one, other, one].map((request) => encodeJson("TracesRequest", request));
      agree("TracesRequest", Buffer.concat(bytes));
    });
    fc.assert(again);
    const event = (fields: object): Buffer => encodeJson("Event", fields);
    const attributes = [{ key: "a", value: { boolValue: false } }];
    agree("Event", Buffer.concat([event({ name: "one", attributes }), event({ name: "two", attributes })]));
  });

  test.each([
    ["text that JSON has to escape", { name: 'a "b" \\ \n \u0001 \u007f \u2028 \ud83c\udfc3' }],
    ["doubles that JSON has no number for", { attributes: [{ key: "n", value: { doubleValue: "NaN" } }] }],
    ["a value far longer than all before", { name: "x".repeat(100_000) }],
    ["nothing", {}],
  ])("holds %s", (_, fields) => {
    agree("Event", encodeJson("Event", fields));
  });

  test("holds bytes that are no UTF-8, and fields that OTLP does not know", () => {
    agree("Event", Buffer.from([0x12, 0x03, 0x61, 0xff, 0x62]));
    agree("Event", Buffer.from([0x12, 0x01, 0x61, 0x78, 0x05, 0x20, 0x07]));
  });
});

function nested(depth: number): object {
  let value: object = { stringValue: "end" };
  for (let i = 0; i < depth; i++) value = { arrayValue: { values: [value] } };
  return value;
}
