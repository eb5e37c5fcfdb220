/**
 * What is judged: spans, metrics and log records as data, each with the resource and the scope that it came with. It is
 * OTLP without its wrapping, and keeps what a judge needs and a reader would not miss: an integer is no double.
 */

export type ValueType =
  | "string"
  | "int"
  | "double"
  | "boolean"
  | "string[]"
  | "int[]"
  | "double[]"
  | "boolean[]"
  /** A map, bytes, a mixed list, or no value at all: what no convention gives a type of its own. */
  | "other";

export interface Value {
  readonly type: ValueType;
  /** A list's values are those of its items; of `other` it is whatever could be read. */
  readonly value: unknown;
}

export type Attributes = ReadonlyMap<string, Value>;

export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string;
  readonly attributes: Attributes;
}

export interface Origin {
  readonly resource: Attributes;
  readonly scope: Scope;
}

export type SpanKind = "UNSPECIFIED" | "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";

export type SpanStatus = "UNSET" | "OK" | "ERROR";

export interface EmittedSpan {
  readonly signal: "span";
  readonly origin: Origin;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly status: SpanStatus;
  readonly durationMs: number;
  readonly attributes: Attributes;
  readonly links: readonly Attributes[];
  /** The trace of each link. */
  readonly linkedTraces: readonly string[];
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
}

/** As OTLP tells them apart. What is a sum is a counter when it only rises. */
export type Instrument = "counter" | "updowncounter" | "gauge" | "histogram" | "other";

export interface Point {
  readonly attributes: Attributes;
  /** Bounds of a histogram's buckets. */
  readonly bounds?: readonly number[];
}

export interface EmittedMetric {
  readonly signal: "metric";
  readonly origin: Origin;
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly instrument: Instrument;
  readonly points: readonly Point[];
}

export interface EmittedLog {
  readonly signal: "log";
  readonly origin: Origin;
  /** Empty for a record that is no event. */
  readonly eventName: string;
  /** From 1 (TRACE) to 24 (FATAL4); 0 when it was not set. */
  readonly severity: number;
  readonly severityText: string;
  readonly body: Value;
  readonly attributes: Attributes;
}

export interface Emitted {
  readonly spans: readonly EmittedSpan[];
  readonly metrics: readonly EmittedMetric[];
  readonly logs: readonly EmittedLog[];
}
