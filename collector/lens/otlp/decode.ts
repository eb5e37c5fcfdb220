/**
 * Stored bytes to the words of a journey (journey/model.ts). What it is given has passed the reader, so that a throw
 * here is a mistake of ours.
 */
import type {
  Attributes,
  AttributeValue,
  LogRecord,
  Span,
  SpanEvent,
  SpanKind,
  SpanLink,
  SpanStatus,
} from "../journey/model.ts";
import { Cursor } from "./cursor.ts";
import { severityName } from "./schema.ts";
import { type MutableAttributes, readAnyValue, readAttribute } from "./values.ts";

const KINDS: readonly SpanKind[] = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const STATUSES: readonly SpanStatus[] = ["UNSET", "OK", "ERROR"];

/** OTLP's number of a span kind to its name; what OTLP does not define is UNSPECIFIED. */
export const kindName = (kind: number): SpanKind => KINDS[kind] ?? "UNSPECIFIED";

/** What its resource and scope add to a span or a log record. */
export interface OriginWords {
  readonly resource: Attributes;
  readonly service: string;
  readonly scope: string;
}

/** `bytes`: one encoded Span. Times are exact; integers beyond 2^53 become decimal strings, bytes base64. */
export function decodeSpan(bytes: Buffer, origin: OriginWords): Span {
  const cursor = new Cursor(bytes);
  const attributes: MutableAttributes = {};
  const events: SpanEvent[] = [];
  const links: SpanLink[] = [];
  let [traceId, spanId, parentSpanId, traceState, name, statusMessage] = ["", "", "", "", "", ""];
  let [startNs, endNs] = [0n, 0n];
  let [kind, status, flags] = [0, 0, 0];
  while (cursor.more()) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x0a:
        traceId = cursor.hex();
        break;
      case 0x12:
        spanId = cursor.hex();
        break;
      case 0x1a:
        traceState = cursor.string();
        break;
      case 0x22:
        parentSpanId = cursor.hex();
        break;
      case 0x2a:
        name = cursor.word();
        break;
      case 0x30:
        kind = cursor.uint();
        break;
      case 0x39:
        startNs = cursor.fixed64();
        break;
      case 0x41:
        endNs = cursor.fixed64();
        break;
      case 0x4a:
        readAttribute(cursor, attributes);
        break;
      case 0x5a:
        events.push(readEvent(cursor));
        break;
      case 0x6a:
        links.push(readLink(cursor));
        break;
      case 0x7a:
        [status, statusMessage] = readStatus(cursor);
        break;
      case 0x85:
        flags = cursor.fixed32();
        break;
      default:
        cursor.skip(tag);
    }
  }
  return {
    traceId,
    spanId,
    parentSpanId: unlessZero(parentSpanId),
    traceState,
    flags,
    name,
    kind: kindName(kind),
    startNs,
    endNs,
    status: STATUSES[status] ?? "UNSET",
    statusMessage,
    attributes,
    events,
    links,
    ...origin,
  };
}

/** `bytes`: one encoded LogRecord. Its time is the observed time when the source set none. */
export function decodeLog(bytes: Buffer, origin: OriginWords): LogRecord {
  const cursor = new Cursor(bytes);
  const attributes: MutableAttributes = {};
  let [timeNs, observedNs] = [0n, 0n];
  let [traceId, spanId, severityText, eventName] = ["", "", "", ""];
  let severity = 0;
  let body: AttributeValue = "";
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x09) timeNs = cursor.fixed64();
    else if (tag === 0x10) severity = cursor.uint();
    else if (tag === 0x1a) severityText = cursor.string();
    else if (tag === 0x2a) body = readAnyValue(cursor);
    else if (tag === 0x32) readAttribute(cursor, attributes);
    else if (tag === 0x4a) traceId = cursor.hex();
    else if (tag === 0x52) spanId = cursor.hex();
    else if (tag === 0x59) observedNs = cursor.fixed64();
    else if (tag === 0x62) eventName = cursor.word();
    else cursor.skip(tag);
  }
  return {
    timeNs: timeNs === 0n ? observedNs : timeNs,
    severity: severityText || nameOfSeverity(severity),
    body: textOfBody(body),
    eventName,
    attributes,
    traceId: unlessZero(traceId),
    spanId: unlessZero(spanId),
    service: origin.service,
  };
}

const textOfBody = (body: AttributeValue): string => (typeof body === "string" ? body : JSON.stringify(body));

const nameOfSeverity = (severity: number): string => severityName(severity) ?? "";

/** An id of zeros is none. */
const unlessZero = (id: string): string => (/^0*$/.test(id) ? "" : id);

/** `resource` and `scope`: their encoded messages. Returns the attributes, `service.name` and the scope's name. */
export function decodeOrigin(resource: Buffer, scope: Buffer): OriginWords {
  const attributes: MutableAttributes = {};
  const cursor = new Cursor(resource);
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) readAttribute(cursor, attributes);
    else cursor.skip(tag);
  }
  const named = attributes["service.name"];
  return {
    resource: attributes,
    service: typeof named === "string" && named !== "" ? named : "unknown_service",
    scope: readScopeName(new Cursor(scope)),
  };
}

function readScopeName(cursor: Cursor): string {
  let name = "";
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) name = cursor.string();
    else cursor.skip(tag);
  }
  return name;
}

function readEvent(cursor: Cursor): SpanEvent {
  const outer = cursor.enter();
  const attributes: MutableAttributes = {};
  let timeNs = 0n;
  let name = "";
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x09) timeNs = cursor.fixed64();
    else if (tag === 0x12) name = cursor.string();
    else if (tag === 0x1a) readAttribute(cursor, attributes);
    else cursor.skip(tag);
  }
  cursor.leave(outer);
  return { timeNs, name, attributes };
}

function readLink(cursor: Cursor): SpanLink {
  const outer = cursor.enter();
  const attributes: MutableAttributes = {};
  let [traceId, spanId] = ["", ""];
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) traceId = cursor.hex();
    else if (tag === 0x12) spanId = cursor.hex();
    else if (tag === 0x22) readAttribute(cursor, attributes);
    else cursor.skip(tag);
  }
  cursor.leave(outer);
  return { traceId, spanId, attributes };
}

function readStatus(cursor: Cursor): [code: number, message: string] {
  const outer = cursor.enter();
  let [code, message] = [0, ""];
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x12) message = cursor.string();
    else if (tag === 0x18) code = cursor.uint();
    else cursor.skip(tag);
  }
  cursor.leave(outer);
  return [code, message];
}
