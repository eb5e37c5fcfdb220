/**
 * Reads an export request once, checks all of it, and takes out only what the store indexes. The spans and log
 * records themselves stay encoded: they are decoded when somebody asks for them (decode.ts), which is rare.
 */
import { type IndexedKey, walkAnyValue, walkKeyValue } from "./attributes.ts";
import { Cursor } from "./cursor.ts";
import { malformed } from "./error.ts";
import { decodeJson } from "./json-out.ts";

/** What spans and log records have in common: `start` and `end` cut the encoded item out of its scope's buffer. */
export interface RawItem {
  readonly start: number;
  readonly end: number;
  /** Lower-case hex; empty for a log record outside any trace. */
  readonly traceId: string;
  /** Index entries of its indexed attributes. */
  readonly entries: readonly string[];
}

export interface RawSpan extends RawItem {
  /** The span id's halves: cheaper to compare than its text. */
  readonly idHigh: number;
  readonly idLow: number;
  readonly name: string;
  readonly kind: number;
  /** Unix nanoseconds rounded to a double (256 ns): good enough to leave out whole traces in a search. */
  readonly roughStartNs: number;
  /** Trace ids of its links, other than its own. */
  readonly linkedTraces: readonly string[];
}

/** The items of one scope of one resource. Buffers are views of the request. */
export interface RawScope<Item extends RawItem> {
  readonly buffer: Buffer;
  readonly resource: Buffer;
  readonly resourceSchemaUrl: string;
  readonly scope: Buffer;
  readonly scopeSchemaUrl: string;
  readonly items: readonly Item[];
  /** Spans without a valid trace or span id: they can neither be found nor joined. */
  readonly rejected: number;
}

type ReadItem<Item> = (cursor: Cursor, keys: readonly IndexedKey[]) => Item | null;

/** `parts`: encoded ResourceSpans messages. Throws an OtlpError `malformed`; nothing has happened by then. */
export const readSpans = (parts: Iterable<Buffer>, keys: readonly IndexedKey[]): RawScope<RawSpan>[] =>
  readParts(parts, keys, readSpan);

/** `parts`: encoded ResourceLogs messages. Throws an OtlpError `malformed`; nothing has happened by then. */
export const readLogs = (parts: Iterable<Buffer>, keys: readonly IndexedKey[]): RawScope<RawItem>[] =>
  readParts(parts, keys, readLog);

/**
 * Cuts an export request of any signal into its ResourceSpans, ResourceLogs or ResourceMetrics: all three are
 * field 1. Views, not copies.
 */
export function splitRequest(body: Buffer): Buffer[] {
  const cursor = new Cursor(body);
  const parts: Buffer[] = [];
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) parts.push(cursor.view());
    else cursor.skip(tag);
  }
  return parts;
}

function readParts<Item extends RawItem>(
  parts: Iterable<Buffer>,
  keys: readonly IndexedKey[],
  readItem: ReadItem<Item>,
): RawScope<Item>[] {
  return Array.from(parts, (part) => readResource(part, keys, readItem)).flat();
}

const NOTHING: Buffer = Buffer.alloc(0);

function readResource<Item extends RawItem>(
  buffer: Buffer,
  keys: readonly IndexedKey[],
  readItem: ReadItem<Item>,
): RawScope<Item>[] {
  const cursor = new Cursor(buffer);
  let resource = NOTHING;
  let resourceSchemaUrl = "";
  const scopes: Omit<RawScope<Item>, "resource" | "resourceSchemaUrl">[] = [];
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) resource = cursor.view();
    else if (tag === 0x12) scopes.push(readScope(cursor, keys, readItem));
    else if (tag === 0x1a) resourceSchemaUrl = cursor.string();
    else cursor.skip(tag);
  }
  decodeJson("Resource", resource);
  return scopes.map((scope) => ({ ...scope, resource, resourceSchemaUrl }));
}

function readScope<Item extends RawItem>(
  cursor: Cursor,
  keys: readonly IndexedKey[],
  readItem: ReadItem<Item>,
): Omit<RawScope<Item>, "resource" | "resourceSchemaUrl"> {
  let scope = NOTHING;
  let scopeSchemaUrl = "";
  let rejected = 0;
  const items: Item[] = [];
  const outer = cursor.enter();
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) scope = cursor.view();
    else if (tag === 0x12) {
      const end = cursor.enter();
      const item = readItem(cursor, keys);
      cursor.leave(end);
      if (item) items.push(item);
      else rejected++;
    } else if (tag === 0x1a) scopeSchemaUrl = cursor.string();
    else cursor.skip(tag);
  }
  cursor.leave(outer);
  decodeJson("InstrumentationScope", scope);
  return { buffer: cursor.bytes, scope, scopeSchemaUrl, items, rejected };
}

const NO_TRACE = "0".repeat(32);

function readSpan(cursor: Cursor, keys: readonly IndexedKey[]): RawSpan | null {
  const start = cursor.pos;
  let traceId = "";
  let name = "";
  let kind = 0;
  let idHigh = 0;
  let idLow = 0;
  let roughStartNs = 0;
  const entries: string[] = [];
  const linkedTraces: string[] = [];
  while (cursor.more()) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x0a:
        traceId = readTraceId(cursor);
        break;
      case 0x12:
        checkLength(cursor.skipBytes(), 8, "a span id");
        idHigh = cursor.bytes.readUInt32BE(cursor.pos - 8);
        idLow = cursor.bytes.readUInt32BE(cursor.pos - 4);
        break;
      case 0x22: {
        const length = cursor.skipBytes();
        if (length !== 0) checkLength(length, 8, "a parent span id");
        break;
      }
      case 0x2a:
        name = cursor.string();
        break;
      case 0x30:
        kind = cursor.uint();
        break;
      case 0x39:
        roughStartNs = Number(cursor.fixed64());
        break;
      case 0x4a:
        walkKeyValue(cursor, 0, keys, entries);
        break;
      case 0x5a:
        walkChild(cursor, 0x1a);
        break;
      case 0x6a:
        walkLink(cursor, linkedTraces);
        break;
      case 0x7a:
        walkChild(cursor, -1);
        break;
      default:
        cursor.skip(tag);
    }
  }
  if (traceId === "" || traceId === NO_TRACE || (idHigh === 0 && idLow === 0)) return null;
  const others = linkedTraces.filter((id) => id !== traceId && id !== NO_TRACE);
  return {
    start,
    end: cursor.pos,
    traceId,
    idHigh,
    idLow,
    name,
    kind,
    roughStartNs,
    entries,
    linkedTraces: others,
  };
}

function readLog(cursor: Cursor, keys: readonly IndexedKey[]): RawItem {
  const start = cursor.pos;
  let traceId = "";
  const entries: string[] = [];
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x2a) walkAnyValue(cursor, 0);
    else if (tag === 0x32) walkKeyValue(cursor, 0, keys, entries);
    else if (tag === 0x4a) traceId = readTraceId(cursor);
    else if (tag === 0x52) {
      const length = cursor.skipBytes();
      if (length !== 0) checkLength(length, 8, "a span id");
    } else cursor.skip(tag);
  }
  return { start, end: cursor.pos, traceId: traceId === NO_TRACE ? "" : traceId, entries };
}

function readTraceId(cursor: Cursor): string {
  const traceId = cursor.hex();
  if (traceId !== "") checkLength(traceId.length / 2, 16, "a trace id");
  return traceId;
}

function checkLength(length: number, expected: number, what: string): void {
  if (length !== expected) throw malformed(`${what} has ${length} bytes, not ${expected}`);
}

function walkLink(cursor: Cursor, linkedTraces: string[]): void {
  const outer = cursor.enter();
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) linkedTraces.push(readTraceId(cursor));
    else if (tag === 0x22) walkKeyValue(cursor, 0);
    else cursor.skip(tag);
  }
  cursor.leave(outer);
}

/** Checks a message whose only nested fields are attributes under `attributesTag`: events and, with -1, statuses. */
function walkChild(cursor: Cursor, attributesTag: number): void {
  const outer = cursor.enter();
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === attributesTag) walkKeyValue(cursor, 0);
    else cursor.skip(tag);
  }
  cursor.leave(outer);
}
