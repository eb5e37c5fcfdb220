/** Random OTLP/JSON requests for property tests, over few ids so that traces, links and duplicates meet. */
import * as fc from "fast-check";

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => Buffer.from(b).toString("hex"));
/** JSON has no -0. */
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0);
/** Ten traces and 250 spans in all of the requests. */
const traceId = fc.integer({ min: 1, max: 10 }).map((n) => n.toString(16).padStart(32, "0"));
const spanId = fc.integer({ min: 1, max: 250 }).map((n) => n.toString(16).padStart(16, "0"));
const nanos = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map(String);

const { value } = fc.letrec<{ value: object; list: object; map: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.record({ stringValue: fc.string({ unit: "grapheme" }) }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
    fc.record({ doubleValue: double }),
    fc.record({ bytesValue: fc.uint8Array({ minLength: 1 }).map((b) => Buffer.from(b).toString("base64")) }),
    fc.record({ arrayValue: tie("list") }),
    fc.record({ kvlistValue: tie("map") }),
  ),
  list: fc.record({ values: fc.array(tie("value"), { minLength: 1, maxLength: 3 }) }),
  map: fc.record({
    values: fc.array(fc.record({ key: fc.string({ minLength: 1 }), value: tie("value") }), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
}));

const attribute = fc.oneof(
  fc.record({ key: fc.string({ minLength: 1 }), value }),
  fc.record({
    key: fc.constant("correlation.id"),
    value: fc.record({ stringValue: fc.constantFrom("c1", "c2", "c3") }),
  }),
);
const attributes = fc.array(attribute, { minLength: 1, maxLength: 4 });
const count = fc.integer({ min: 1, max: 2 ** 32 - 1 });

const span = fc.record(
  {
    traceId,
    spanId,
    traceState: fc.constant("a=b"),
    parentSpanId: spanId,
    name: fc.string({ minLength: 1 }),
    kind: fc.integer({ min: 1, max: 5 }),
    startTimeUnixNano: nanos,
    endTimeUnixNano: nanos,
    attributes,
    droppedAttributesCount: count,
    events: fc.array(
      fc.record(
        { timeUnixNano: nanos, name: fc.string({ minLength: 1 }), attributes },
        { requiredKeys: ["name"] },
      ),
      { minLength: 1, maxLength: 2 },
    ),
    links: fc.array(fc.record({ traceId, spanId, attributes }, { requiredKeys: ["traceId", "spanId"] }), {
      minLength: 1,
      maxLength: 2,
    }),
    status: fc.record({ message: fc.string({ minLength: 1 }), code: fc.constantFrom(1, 2) }),
    flags: count,
  },
  { requiredKeys: ["traceId", "spanId"] },
);

const logRecord = fc.record(
  {
    timeUnixNano: nanos,
    severityNumber: fc.integer({ min: 1, max: 24 }),
    severityText: fc.constantFrom("INFO", "warn"),
    body: value,
    attributes,
    traceId,
    spanId: hex(8),
    observedTimeUnixNano: nanos,
  },
  { requiredKeys: ["body"] },
);

const resource = fc.record({
  attributes: fc.tuple(
    fc.record({
      key: fc.constant("service.name"),
      value: fc.record({ stringValue: fc.constantFrom("gateway", "orders", "payments") }),
    }),
  ),
});
const scope = fc.record({ name: fc.constantFrom("http", "pg", "shop"), version: fc.constant("1.0.0") });

/** Requests in which no field holds its zero value, so that their JSON comes back the same. */
export const tracesRequest = fc.record({
  resourceSpans: fc.array(
    fc.record({
      resource,
      scopeSpans: fc.array(fc.record({ scope, spans: fc.array(span, { minLength: 1, maxLength: 4 }) }), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});

export const logsRequest = fc.record({
  resourceLogs: fc.array(
    fc.record({
      resource,
      scopeLogs: fc.array(
        fc.record({ scope, logRecords: fc.array(logRecord, { minLength: 1, maxLength: 4 }) }),
        {
          minLength: 1,
          maxLength: 2,
        },
      ),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});

/** A request with one span; what is given replaces the preset. Times in Unix nanoseconds. */
export function oneSpan(span: Readonly<Record<string, unknown>> = {}, service = "gateway"): object {
  const preset = {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    name: "POST /checkouts",
    kind: 2,
    startTimeUnixNano: "1700000000000000001",
    endTimeUnixNano: "1700000000000000009",
  };
  return {
    resourceSpans: [
      {
        resource: { attributes: [textAttribute("service.name", service)] },
        scopeSpans: [{ scope: { name: "shop" }, spans: [{ ...preset, ...span }] }],
      },
    ],
  };
}

export const textAttribute = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
