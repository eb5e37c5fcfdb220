/**
 * The words of a journey. Plain data, safe in a browser and in JSON once the nanoseconds are strings.
 *
 * - span: one OpenTelemetry span as it was received.
 * - journey: everything that one root span set off, over however many traces.
 * - edge: how a span hangs in a journey: as a `child` of another, by a span `link`, or only by its
 *   `correlation` id (a consumer that lost its context).
 * - wait: time in which a message or job lay somewhere and nobody worked on it.
 */

export type AttributeValue =
  | string
  | number
  | boolean
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }
  | null;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export type SpanKind = "UNSPECIFIED" | "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";
export type SpanStatus = "UNSET" | "OK" | "ERROR";

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export interface SpanEvent {
  readonly timeNs: bigint;
  readonly name: string;
  readonly attributes: Attributes;
}

/** Ids are lower-case hex; times are Unix nanoseconds. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly traceState: string;
  /** OTLP's span flags: bits 0-7 W3C trace flags, 0x100 "parent is remote is known", 0x200 "parent is remote". */
  readonly flags: number;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly resource: Attributes;
  /** `service.name` of the resource; `unknown_service` without one. */
  readonly service: string;
  readonly scope: string;
}

export interface LogRecord {
  readonly timeNs: bigint;
  readonly severity: string;
  readonly body: string;
  /** Names the kind of event that it is; empty for a record that is none. */
  readonly eventName: string;
  readonly attributes: Attributes;
  /** Empty when the record was written outside any span. */
  readonly traceId: string;
  readonly spanId: string;
  readonly service: string;
}

/** Names a span: trace ids alone are not enough, span ids may repeat between traces. */
export type SpanKey = `${string}:${string}`;
export const keyOf = (s: { traceId: string; spanId: string }): SpanKey => `${s.traceId}:${s.spanId}`;

export type Edge = "root" | "child" | "link" | "correlation";

/** One span at its place in a journey's tree. */
export interface JourneySpan {
  readonly key: SpanKey;
  readonly span: Span;
  readonly depth: number;
  readonly edge: Edge;
  /** Under which span it is drawn; null for the root. */
  readonly under: SpanKey | null;
  /** True when it is a child of `under` AND links to it, as consumers do in the mode `parent+link`. */
  readonly alsoLinked: boolean;
  /** True for a span that links into several journeys: shown in each, it joins none and carries nothing on. */
  readonly shared: boolean;
  /** True when its parent is missing although it should be here. */
  readonly orphan: boolean;
}

export type WaitKind = "outbox" | "stream" | "job";

export interface Wait {
  readonly kind: WaitKind;
  /** The span whose work began when the wait ended. */
  readonly key: SpanKey;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** What a job waited for: added, delay, children, retry; empty for the others. */
  readonly since: string;
}

export interface Cause {
  readonly key: SpanKey;
  readonly service: string;
  readonly name: string;
  /** Its `error.type`. */
  readonly errorType: string;
  readonly message: string;
}

export interface Journey {
  /** The trace id of its root: stable however late the rest arrives. */
  readonly id: string;
  readonly rootKey: SpanKey;
  /** True when the root's own parent lies outside the playground (a caller that sent a traceparent). */
  readonly external: boolean;
  /** True when the root itself has not arrived (yet): the earliest parentless span stands in. */
  readonly rootMissing: boolean;
  readonly correlationId: string;
  readonly orderIds: readonly string[];
  readonly traceIds: readonly string[];
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** In tree order, each exactly once. */
  readonly spans: readonly JourneySpan[];
  readonly waits: readonly Wait[];
  readonly orphans: readonly SpanKey[];
  /** Message ids that were sent and not yet consumed or dead-lettered. */
  readonly inFlight: readonly string[];
  /** No parent is missing inside, and every message sent was consumed or dead-lettered. */
  readonly settled: boolean;
  readonly cause: Cause | null;
}

/** A hop that a scenario promises. What is left out is not compared. */
export interface Hop {
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
}
