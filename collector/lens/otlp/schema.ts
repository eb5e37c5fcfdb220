/**
 * The messages of OTLP as data: for each field its JSON name, its protobuf number and its type. JSON
 * is read (json/in.ts) and written (json/out.ts) from this table, so that the two cannot disagree.
 *
 * Source: opentelemetry-proto 1.9, https://github.com/open-telemetry/opentelemetry-proto
 */
import {
  choice,
  type EnumName,
  enumeration,
  type Field,
  type MessageName,
  many,
  one,
  scalar,
  scalars,
} from "./fields.ts";
import { METRICS } from "./schema-metrics.ts";

export const MESSAGES: Readonly<Record<MessageName, readonly Field[]>> = {
  TracesRequest: [many(1, "resourceSpans", "ResourceSpans")],
  LogsRequest: [many(1, "resourceLogs", "ResourceLogs")],
  MetricsRequest: [many(1, "resourceMetrics", "ResourceMetrics")],
  ResourceSpans: [
    one(1, "resource", "Resource"),
    many(2, "scopeSpans", "ScopeSpans"),
    scalar(3, "schemaUrl", "string"),
  ],
  ResourceLogs: [
    one(1, "resource", "Resource"),
    many(2, "scopeLogs", "ScopeLogs"),
    scalar(3, "schemaUrl", "string"),
  ],
  ScopeSpans: [
    one(1, "scope", "InstrumentationScope"),
    many(2, "spans", "Span"),
    scalar(3, "schemaUrl", "string"),
  ],
  ScopeLogs: [
    one(1, "scope", "InstrumentationScope"),
    many(2, "logRecords", "LogRecord"),
    scalar(3, "schemaUrl", "string"),
  ],
  Resource: [
    many(1, "attributes", "KeyValue"),
    scalar(2, "droppedAttributesCount", "uint32"),
    many(3, "entityRefs", "EntityRef"),
  ],
  EntityRef: [
    scalar(1, "schemaUrl", "string"),
    scalar(2, "type", "string"),
    scalars(3, "idKeys", "string"),
    scalars(4, "descriptionKeys", "string"),
  ],
  InstrumentationScope: [
    scalar(1, "name", "string"),
    scalar(2, "version", "string"),
    many(3, "attributes", "KeyValue"),
    scalar(4, "droppedAttributesCount", "uint32"),
  ],
  Span: [
    scalar(1, "traceId", "hex"),
    scalar(2, "spanId", "hex"),
    scalar(3, "traceState", "string"),
    scalar(4, "parentSpanId", "hex"),
    scalar(5, "name", "string"),
    enumeration(6, "kind", "SpanKind"),
    scalar(7, "startTimeUnixNano", "fixed64"),
    scalar(8, "endTimeUnixNano", "fixed64"),
    many(9, "attributes", "KeyValue"),
    scalar(10, "droppedAttributesCount", "uint32"),
    many(11, "events", "Event"),
    scalar(12, "droppedEventsCount", "uint32"),
    many(13, "links", "Link"),
    scalar(14, "droppedLinksCount", "uint32"),
    one(15, "status", "Status"),
    scalar(16, "flags", "fixed32"),
  ],
  Event: [
    scalar(1, "timeUnixNano", "fixed64"),
    scalar(2, "name", "string"),
    many(3, "attributes", "KeyValue"),
    scalar(4, "droppedAttributesCount", "uint32"),
  ],
  Link: [
    scalar(1, "traceId", "hex"),
    scalar(2, "spanId", "hex"),
    scalar(3, "traceState", "string"),
    many(4, "attributes", "KeyValue"),
    scalar(5, "droppedAttributesCount", "uint32"),
    scalar(6, "flags", "fixed32"),
  ],
  Status: [scalar(2, "message", "string"), enumeration(3, "code", "StatusCode")],
  LogRecord: [
    scalar(1, "timeUnixNano", "fixed64"),
    enumeration(2, "severityNumber", "SeverityNumber"),
    scalar(3, "severityText", "string"),
    one(5, "body", "AnyValue"),
    many(6, "attributes", "KeyValue"),
    scalar(7, "droppedAttributesCount", "uint32"),
    scalar(8, "flags", "fixed32"),
    scalar(9, "traceId", "hex"),
    scalar(10, "spanId", "hex"),
    scalar(11, "observedTimeUnixNano", "fixed64"),
    scalar(12, "eventName", "string"),
  ],
  ...METRICS,
  KeyValue: [scalar(1, "key", "string"), one(2, "value", "AnyValue")],
  AnyValue: [
    choice(scalar(1, "stringValue", "string")),
    choice(scalar(2, "boolValue", "bool")),
    choice(scalar(3, "intValue", "int64")),
    choice(scalar(4, "doubleValue", "double")),
    choice(one(5, "arrayValue", "ArrayValue")),
    choice(one(6, "kvlistValue", "KeyValueList")),
    choice(scalar(7, "bytesValue", "bytes")),
  ],
  ArrayValue: [many(1, "values", "AnyValue")],
  KeyValueList: [many(1, "values", "KeyValue")],
};

const SEVERITIES = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/** Severity number (1 to 24) to its short name, `INFO` or `INFO2`; undefined outside that range. */
export function severityName(number: number): string | undefined {
  const name = SEVERITIES[Math.floor((number - 1) / 4)];
  const step = ((number - 1) % 4) + 1;
  return name && step >= 1 ? `${name}${step === 1 ? "" : step}` : undefined;
}

/** Each enum's values by the name that protobuf gives them. */
export const ENUMS: Readonly<Record<EnumName, ReadonlyMap<string, number>>> = {
  SpanKind: new Map(
    ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map((name, i) => [
      `SPAN_KIND_${name}`,
      i,
    ]),
  ),
  AggregationTemporality: new Map(
    ["UNSPECIFIED", "DELTA", "CUMULATIVE"].map((name, i) => [`AGGREGATION_TEMPORALITY_${name}`, i]),
  ),
  StatusCode: new Map(["UNSET", "OK", "ERROR"].map((name, i) => [`STATUS_CODE_${name}`, i])),
  SeverityNumber: new Map([
    ["SEVERITY_NUMBER_UNSPECIFIED", 0],
    ...Array.from({ length: 24 }, (_, i): [string, number] => [
      `SEVERITY_NUMBER_${severityName(i + 1)}`,
      i + 1,
    ]),
  ]),
};
