/**
 * Reads an export request once, checks all of it, and takes out only what the store indexes. The spans and log
 * records themselves stay encoded: they are decoded when somebody asks for them (decode.ts), which is rare.
 */
import { type IndexedKey, walkAnyValue, walkKeyValue } from "./attributes.ts";
import { Cursor } from "./cursor.ts";
import { isSame, readId, readParent, SPAN_ID_BYTES, TRACE_ID_BYTES } from "./ids.ts";
import { decodeJson } from "./json-out.ts";

/** What spans and log records have in common: `start` and `end` cut the encoded item out of its scope's buffer. */
export interface RawItem {
  readonly start: number;
  readonly end: number;
  /** Where the 16 bytes of its trace id are in the buffer; -1 for a log record outside any trace. */
  readonly traceAt: number;
  /** Hashes of the entries of its indexed attributes, two halves each. */
  readonly entries: readonly number[];
}

export interface RawSpan extends RawItem {
  /**
   * The halves of its id and of its parent's, signed: such numbers need no memory of their own. 0 and 0 without a
   * parent.
   */
  readonly idHigh: number;
  readonly idLow: number;
  readonly parentHigh: number;
  readonly parentLow: number;
  /** Where its name is in the buffer. */
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly kind: number;
  /** Unix nanoseconds rounded to a double (256 ns): good enough to leave out whole blocks in a search. */
  readonly startNs: number;
  readonly endNs: number;
  /** Where the ids of the traces are that it links to, other than its own. */
  readonly linkedAt: readonly number[];
}

/** The items of one scope of one resource. Buffers are views of the request. */
export interface RawScope<Item extends RawItem> {
  readonly buffer: Buffer;
  readonly resource: Buffer;
  readonly resourceSchemaUrl: string;
  readonly scope: Buffer;
  readonly scopeSchemaUrl: string;
  readonly items: readonly Item[];
  /** Spans without a valid id of their own, or with a broken one of a parent: they can neither be found nor joined. */
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

const NO_LINKS: readonly number[] = [];

/** The span at the cursor; null when it has no valid ids. */
function readSpan(cursor: Cursor, keys: readonly IndexedKey[]): RawSpan | null {
  const { bytes, pos: start } = cursor;
  let [traceAt, idAt, parentAt, nameStart, nameEnd] = [-1, -1, 0, start, start];
  let [kind, startNs, endNs] = [0, 0, 0];
  let linkedAt: number[] | undefined;
  const entries: number[] = [];
  while (cursor.more()) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x0a:
        traceAt = readId(cursor, TRACE_ID_BYTES);
        break;
      case 0x12:
        idAt = readId(cursor, SPAN_ID_BYTES);
        break;
      case 0x22:
        parentAt = readParent(cursor);
        break;
      case 0x2a: {
        const length = cursor.skipBytes();
        nameEnd = cursor.pos;
        nameStart = nameEnd - length;
        break;
      }
      case 0x30:
        kind = cursor.uint();
        break;
      case 0x39:
        startNs = cursor.roughFixed64();
        break;
      case 0x41:
        endNs = cursor.roughFixed64();
        break;
      case 0x4a:
        walkKeyValue(cursor, 0, keys, entries);
        break;
      case 0x5a:
        walkChild(cursor, 0x1a);
        break;
      case 0x6a:
        linkedAt ??= [];
        walkLink(cursor, linkedAt);
        break;
      case 0x7a:
        walkChild(cursor, -1);
        break;
      default:
        cursor.skip(tag);
    }
  }
  if (traceAt < 0 || idAt < 0 || parentAt < 0) return null;
  return {
    start,
    end: cursor.pos,
    traceAt,
    entries,
    idHigh: bytes.readInt32BE(idAt),
    idLow: bytes.readInt32BE(idAt + 4),
    parentHigh: parentAt === 0 ? 0 : bytes.readInt32BE(parentAt),
    parentLow: parentAt === 0 ? 0 : bytes.readInt32BE(parentAt + 4),
    nameStart,
    nameEnd,
    kind,
    startNs,
    endNs,
    linkedAt: linkedAt?.filter((at) => !isSame(bytes, at, bytes, traceAt, TRACE_ID_BYTES)) ?? NO_LINKS,
  };
}

/** As the protocol asks: ids of a log record that are not valid count as not set. */
function readLog(cursor: Cursor, keys: readonly IndexedKey[]): RawItem {
  const start = cursor.pos;
  let traceAt = -1;
  const entries: number[] = [];
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x2a) walkAnyValue(cursor, 0);
    else if (tag === 0x32) walkKeyValue(cursor, 0, keys, entries);
    else if (tag === 0x4a) traceAt = readId(cursor, TRACE_ID_BYTES);
    else cursor.skip(tag);
  }
  return { start, end: cursor.pos, traceAt, entries };
}

function walkLink(cursor: Cursor, linkedAt: number[]): void {
  const outer = cursor.enter();
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) {
      const at = readId(cursor, TRACE_ID_BYTES);
      if (at >= 0) linkedAt.push(at);
    } else if (tag === 0x22) walkKeyValue(cursor, 0);
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
