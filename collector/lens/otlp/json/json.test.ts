import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OtlpError } from "../error.ts";
import { logsRequest, oneSpan, tracesRequest } from "../requests.fixture.ts";
import { encodeJson, readJson } from "./in.ts";
import { decodeJson } from "./out.ts";
import { JsonText } from "./text.ts";

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
  ])("refuses %s", (_, request) => {
    expect(() => encodeJson("TracesRequest", request)).toThrow(OtlpError);
  });
});

describe("numbers of OTLP/JSON", () => {
  /** The value of the one attribute of a span whose JSON holds `value` as it is written. */
  const written = (value: string): unknown => {
    const text = JSON.stringify(oneSpan({ attributes: [{ key: "n", value: "here" }] })).replace(
      '"here"',
      value,
    );
    const request = decodeJson("TracesRequest", drained("TracesRequest", text)) as unknown as Request;
    return request.resourceSpans[0]?.scopeSpans[0]?.spans[0]?.attributes[0]?.value;
  };

  test.each([
    ["9223372036854775807", "9223372036854775807"],
    ['"9223372036854775807"', "9223372036854775807"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["9007199254740993", "9007199254740993"],
    ['"1e3"', "1000"],
    ["1e3", "1000"],
    ["12.5e1", "125"],
    ["1000e-3", "1"],
    ['"10.0"', "10"],
    ["0e99", "0"],
    ['"-0"', "0"],
    ["1E+2", "100"],
  ])("the integer %s is %s", (text, expected) => {
    expect(written(`{"intValue":${text}}`)).toEqual({ intValue: expected });
  });

  test.each([
    "9223372036854775808",
    "-9223372036854775809",
    "1e19",
    "1e999",
    "0.5",
    '"1e-1"',
    '""',
    '" 1"',
    '"0x10"',
    '"+1"',
    "01",
    "1.",
    "true",
    `1${"0".repeat(500)}`,
  ])("the integer %s is refused", (text) => {
    expect(() => written(`{"intValue":${text}}`)).toThrow(OtlpError);
  });

  test.each([
    ["0.1", 0.1],
    ['"0.1"', 0.1],
    ["1e400", null],
    ['"NaN"', "NaN"],
    ['"-Infinity"', "-Infinity"],
    ["5e-324", 5e-324],
    ['"0x10"', null],
  ])("the double %s is %s", (text, expected) => {
    if (expected === null) expect(() => written(`{"doubleValue":${text}}`)).toThrow(OtlpError);
    else expect(written(`{"doubleValue":${text}}`)).toEqual({ doubleValue: expected });
  });

  test("times are exact, quoted or bare", () => {
    const text = JSON.stringify(oneSpan({ startTimeUnixNano: "here" })).replace(
      '"here"',
      "1796007497205648961",
    );
    expect(decodeJson("TracesRequest", drained("TracesRequest", text))).toEqual(
      oneSpan({ startTimeUnixNano: "1796007497205648961" }),
    );
  });
});

describe("the text of OTLP/JSON", () => {
  test("is read as JSON.parse reads it, or refused as it refuses it", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0x20, max: 0x7e })), { maxLength: 3 });
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), damage, fc.boolean(), (value, changes, isSpaced) => {
        const text = Buffer.from(JSON.stringify({ unknown: value }, null, isSpaced ? 1 : 0));
        for (const [at, byte] of changes) text[at % text.length] = byte;
        const isJson = (): boolean => {
          try {
            return typeof JSON.parse(text.toString()) === "object" && !text.toString().includes("\\");
          } catch {
            return false;
          }
        };
        if (isJson()) expect(drained("TracesRequest", text).length).toBe(0);
        else if (!text.includes("\\")) expect(() => drained("TracesRequest", text)).toThrow(OtlpError);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    "",
    "{",
    "[]",
    "null",
    "{}x",
    '{"a":1,}',
    '{"a":[1,]}',
    '{"a":[}',
    '{"a":{]}',
    '{"a" 1}',
    '{"a":"\n"}',
  ])("%j is refused", (text) => {
    expect(() => drained("TracesRequest", text)).toThrow(OtlpError);
  });

  test("is read in pieces, however little is in it", () => {
    const empty = `{"resourceSpans":[${Array(500_000).fill("{}").join()}]}`;
    let pieces = 0;
    const json = readJson("TracesRequest", Buffer.from(empty));
    while (!json.next().done) pieces++;
    expect(pieces).toBeGreaterThan(8);
  });

  test("may be nested without end where it is not looked at", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    expect(drained("TracesRequest", `{"unknown":${deep}}`).length).toBe(0);
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

interface Request {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly { readonly attributes: readonly { value: unknown }[] }[];
    }[];
  }[];
}

function drained(message: "TracesRequest", text: string | Buffer): Buffer {
  const json = readJson(message, Buffer.from(text));
  for (let step = json.next(); ; step = json.next()) if (step.done) return step.value;
}
