/** How an event looks as a message: what its headers say. */
import type { SpanContext } from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import type { Carrier } from "../telemetry/propagation.ts";
import type { Headers } from "./broker.ts";

const CARRIER_FIELDS = ["traceparent", "tracestate", "baggage"];
const EVENT_ID = "Baton-Event-Id";
const CREATED = "Baton-Created-Ms";
const SENT = "Baton-Sent-Ms";

/** What the headers of an event say. */
export interface EventHead {
  /** Stays the same however often the event is sent. */
  readonly eventId: string;
  /** The creation context. */
  readonly carrier: Carrier;
  /** Unix ms; undefined when a message does not say it. */
  readonly createdMs: number | undefined;
  readonly sentMs: number | undefined;
}

export function writeHead(head: EventHead): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [key, value] of Object.entries(head.carrier)) headers[key] = value;
  headers[EVENT_ID] = head.eventId;
  if (head.createdMs !== undefined) headers[CREATED] = String(head.createdMs);
  if (head.sentMs !== undefined) headers[SENT] = String(head.sentMs);
  return headers;
}

/** Ids become keys of a table and headers: a stranger's may be anything. */
const PLAIN_ID = /^[\x21-\x7e]{1,200}$/;
/** W3C's own bound on baggage. What is longer is nothing of ours, and would not fit into a dead letter's headers. */
const MAX_FIELD_BYTES = 8_192;

const isField = (value: unknown): value is string =>
  typeof value === "string" && Buffer.byteLength(value) <= MAX_FIELD_BYTES && !/\p{Cc}/u.test(value);

/** The carrier that `read` knows the fields of, without what is no field. */
export function carrierOf(read: (field: string) => unknown): Carrier {
  const carrier: Carrier = {};
  for (const field of CARRIER_FIELDS) {
    const found = read(field);
    const value = isField(found) ? found : undefined;
    if (value) carrier[field] = value;
  }
  return carrier;
}

/** Reads what `writeHead` wrote. What is missing or makes no sense is left out; without an id it is `nameless`. */
export function readHead(headers: Headers, nameless: string): EventHead {
  const ms = (name: string) => {
    const value = Number(headers[name] || Number.NaN);
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  };
  const eventId = headers[EVENT_ID] ?? "";
  return {
    eventId: PLAIN_ID.test(eventId) ? eventId : nameless,
    carrier: carrierOf((field) => headers[field]),
    createdMs: ms(CREATED),
    sentMs: ms(SENT),
  };
}

/** A span as W3C's `traceparent`. */
export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;

/** The span that a traceparent names; none when it is missing or broken. */
export function spanContextOf(traceparent: string): SpanContext | undefined {
  const found = parseTraceParent(traceparent);
  return found ? { ...found, isRemote: true } : undefined;
}
