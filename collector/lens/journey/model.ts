/**
 * The words of a journey. Plain data, safe in a browser and in JSON once the nanoseconds are strings.
 *
 * - span: one OpenTelemetry span as it was received.
 * - journey: everything that one root span set off, over however many traces. Its key is that of its root: one trace
 *   may hold the roots of several.
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
  /** True for a span that links into several journeys, and for all below it: shown in each, it joins none. */
  readonly shared: boolean;
  /** True when its parent is missing although it should be here. */
  readonly orphan: boolean;
}

/** `message` is one of which only sending and handling are known. */
export type WaitKind = "outbox" | "stream" | "job" | "message";

/**
 * What a wait rests on: what the span itself says, or the gap after what it came from, by parent, link or try before.
 */
export type WaitRest = "attributes" | "parent" | "link" | "previous";

export interface Wait {
  readonly kind: WaitKind;
  /** The span whose work began when the wait ended. */
  readonly key: SpanKey;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** What it waited for since: added, delay, children, retry for a job that says so; what was estimated; else empty. */
  readonly since: string;
  /** True when nobody measured it: it is the gap between two spans. */
  readonly estimated: boolean;
  readonly restsOn: WaitRest;
  /** The span after which the gap begins; null for what was measured. */
  readonly from: SpanKey | null;
}

/** The clock of one process beside that of the root's, estimated. Spans keep the times that they were sent with. */
export interface Skew {
  readonly service: string;
  /** `service.instance.id`; empty when it is not known. */
  readonly instance: string;
  /** By how much its clock is behind; below 0 when it is ahead. */
  readonly behindMs: number;
  /** The span that started before what it hangs on, by most. */
  readonly restsOn: SpanKey;
}

/** Which bound of a question was met; empty for none. */
export type Bound = "" | "spans" | "bytes" | "steps" | "hops" | "time";

/** What is not in the journey although it may be stored. */
export interface LeftOut {
  /** The bound that was met; empty when nothing was left out. */
  readonly bound: Bound;
  /** Spans of traces that are here in part. */
  readonly spans: number;
  /** Traces that were not read, at least: those behind them are unknown. */
  readonly traces: number;
  /** True when the way back was longer than the bound: the root here is only where it stopped. */
  readonly before: boolean;
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
  /** The trace id of its root: stable however late the rest arrives. Other journeys may have the same. */
  readonly id: string;
  /** Names the journey. */
  readonly rootKey: SpanKey;
  /** True when the root's own parent lies outside what is traced here (a caller that sent a traceparent). */
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
  /** Spans that were sent before they ended, and whose end has not come. */
  readonly unfinished: readonly SpanKey[];
  /**
   * No parent is missing inside, every span has ended, every message sent was consumed or dead-lettered, all was read.
   */
  readonly settled: boolean;
  readonly cause: Cause | null;
  /** Clocks that do not fit; the journey's own start and end are by the root's clock. Empty for none. */
  readonly skews: readonly Skew[];
  /** Versions of spans that were set aside, because another of the same id counts. */
  readonly repeated: number;
  readonly leftOut: LeftOut;
}

/** A hop that a scenario promises. What is left out is not compared. */
export interface Hop {
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
}
