/** What a field of an OTLP message is, as data, and short forms to write fields down. */

/** `hex` is a `bytes` field that OTLP/JSON writes in hex (trace and span ids), not in base64. */
export type Scalar =
  | "string"
  | "bytes"
  | "hex"
  | "bool"
  | "int64"
  | "uint64"
  | "sfixed64"
  | "sint32"
  | "uint32"
  | "fixed64"
  | "fixed32"
  | "double";

export type EnumName = "SpanKind" | "StatusCode" | "SeverityNumber" | "AggregationTemporality";

export type MessageName =
  | "TracesRequest"
  | "LogsRequest"
  | "MetricsRequest"
  | "ResourceSpans"
  | "ResourceLogs"
  | "ScopeSpans"
  | "ScopeLogs"
  | "Resource"
  | "EntityRef"
  | "InstrumentationScope"
  | "Span"
  | "Event"
  | "Link"
  | "Status"
  | "LogRecord"
  | MetricMessage
  | "KeyValue"
  | "AnyValue"
  | "ArrayValue"
  | "KeyValueList";

export type MetricMessage =
  | "ResourceMetrics"
  | "ScopeMetrics"
  | "Metric"
  | "Gauge"
  | "Sum"
  | "Histogram"
  | "ExponentialHistogram"
  | "Summary"
  | "NumberDataPoint"
  | "HistogramDataPoint"
  | "ExponentialHistogramDataPoint"
  | "Buckets"
  | "SummaryDataPoint"
  | "ValueAtQuantile"
  | "Exemplar";

export type FieldType =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "enum"; readonly enum: EnumName }
  | { readonly kind: "message"; readonly message: MessageName };

export interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: FieldType;
  readonly repeated: boolean;
  /** Part of a oneof: written even when it holds its type's zero value. */
  readonly oneof: boolean;
}

export const scalar = (number: number, name: string, type: Scalar): Field => ({
  name,
  number,
  type: { kind: "scalar", scalar: type },
  repeated: false,
  oneof: false,
});
export const enumeration = (number: number, name: string, type: EnumName): Field => ({
  name,
  number,
  type: { kind: "enum", enum: type },
  repeated: false,
  oneof: false,
});
export const one = (number: number, name: string, message: MessageName): Field => ({
  name,
  number,
  type: { kind: "message", message },
  repeated: false,
  oneof: false,
});
export const many = (number: number, name: string, message: MessageName): Field => ({
  ...one(number, name, message),
  repeated: true,
});
export const scalars = (number: number, name: string, type: Scalar): Field => ({
  ...scalar(number, name, type),
  repeated: true,
});
export const choice = (field: Field): Field => ({ ...field, oneof: true });
