import { ATTR, BATON, LINK } from "../../../services/_kit/telemetry/conventions.ts";
import {
  type Attributes,
  type Journey,
  type JourneySpan,
  keyOf,
  type Span,
  type SpanKey,
  type SpanLink,
} from "./model.ts";

/** What a test says of a span; everything else is filled in. Times are in milliseconds. */
export interface SpanWords {
  /** `trace/span` in short words; made into ids of the right form by `id`. */
  readonly at: string;
  /** Span id word of the parent, in the same trace. */
  readonly parent?: string;
  readonly service?: string;
  readonly name?: string;
  readonly kind?: Span["kind"];
  readonly start?: number;
  readonly end?: number;
  readonly status?: Span["status"];
  readonly statusMessage?: string;
  readonly attributes?: Attributes;
  readonly links?: readonly SpanLink[];
}

/** 2026-11-21T12:00:00Z, so that tests meet nanoseconds past 2^53. */
const epochNs = 1_795_262_400_000_000_000n;

/** Milliseconds after `epochNs`, exact to the nanosecond. */
export const atMs = (ms: number): bigint => epochNs + BigInt(Math.round(ms * 1e6));

/** A hex id of `digits` digits that is the same for the same word. */
export function id(word: string, digits: number): string {
  const hex = [...word].map((c) => (c.codePointAt(0) ?? 0).toString(16).padStart(2, "0")).join("");
  return hex.padStart(digits, "0").slice(-digits);
}

/** One span from a few words. */
export function span(words: SpanWords): Span {
  const [trace = "", own = ""] = words.at.split("/");
  const startNs = atMs(words.start ?? 0);
  return {
    traceId: id(trace, 32),
    spanId: id(own, 16),
    parentSpanId: words.parent ? id(words.parent, 16) : "",
    traceState: "",
    flags: 1,
    name: words.name ?? own,
    kind: words.kind ?? "INTERNAL",
    startNs,
    endNs: words.end === undefined ? startNs + 1_000_000n : atMs(words.end),
    status: words.status ?? "UNSET",
    statusMessage: words.statusMessage ?? "",
    attributes: words.attributes ?? {},
    events: [],
    links: words.links ?? [],
    resource: { [ATTR.serviceName]: words.service ?? "orders" },
    service: words.service ?? "orders",
    scope: "test",
  };
}

/** A link to a span or to `trace/span`, by default because it is a creation context; "" gives no reason. */
export function linkTo(to: string | Span, reason: string = LINK.creation): SpanLink {
  const { traceId, spanId } = typeof to === "string" ? span({ at: to }) : to;
  return { traceId, spanId, attributes: reason === "" ? {} : { [LINK.reason]: reason } };
}

/** Attributes of a message's spans. */
export const message = (messageId: string, more: Attributes = {}): Attributes => ({
  [ATTR.messageId]: messageId,
  ...more,
});

/** Attributes of a delivery that was acknowledged. */
export const acked = (messageId: string, more: Attributes = {}): Attributes =>
  message(messageId, { [BATON.outcome]: "ack", ...more });

/** Attributes of a span with a correlation id. */
export const correlated = (correlationId: string): Attributes => ({ [BATON.correlationId]: correlationId });

/** A SERVER span of the public edge. */
export const edge = (words: SpanWords): Span => span({ service: "gateway", kind: "SERVER", ...words });
/** A span that puts a message somewhere. */
export const create = (words: SpanWords): Span => span({ kind: "PRODUCER", ...words });
/** A span that handles a message. */
export const consumer = (words: SpanWords): Span => span({ kind: "CONSUMER", service: "shipping", ...words });

/** The key of the span at `trace/span`. */
export const key = (at: string): SpanKey => keyOf(span({ at }));

/** The first span of that name in a journey. */
export const by = (journey: Journey | null | undefined, name: string): JourneySpan | undefined =>
  journey?.spans.find((s) => s.span.name === name);
