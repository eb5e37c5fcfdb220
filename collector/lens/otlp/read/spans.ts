/** Reads spans in: what the store has to know of each, as a row of whole numbers. */
import type { Cursor } from "../cursor.ts";
import { readId, readParent, SPAN_ID_BYTES, TRACE_ID_BYTES } from "../ids.ts";
import type { Reading, RejectReason } from "./reading.ts";
import type { ItemReader } from "./request.ts";
import { walkKeyValue, walkMessage } from "./walk.ts";

/** Columns of a span's row. What ends in `At` is a place in the request. */
export const SPAN = {
  scope: 0,
  start: 1,
  end: 2,
  traceAt: 3,
  idAt: 4,
  /** 0 without a parent. */
  parentAt: 5,
  kind: 6,
  /** -1 where the sender left it out. */
  startedAt: 7,
  endedAt: 8,
  nameStart: 9,
  nameEnd: 10,
  /** In `more`: two halves of a hash for each indexed attribute, then the places of the trace ids that it links to. */
  moreAt: 11,
  entries: 12,
  links: 13,
  /** Hash of its trace's id. */
  traceHigh: 14,
  traceLow: 15,
  /** Hash of its name and kind. */
  nameHigh: 16,
  nameLow: 17,
  width: 18,
} as const;

/** The same for every span, so that none is made for each. */
const found = {
  traceAt: 0,
  idAt: 0,
  parentAt: 0,
  kind: 0,
  startedAt: 0,
  endedAt: 0,
  nameStart: 0,
  nameEnd: 0,
};
/** Places of the links' trace ids of the span that is being read. */
const linked: number[] = [];

export const spanReader: ItemReader = {
  width: SPAN.width,
  read(cursor, reading) {
    const { pos: start } = cursor;
    const moreAt = reading.more.length;
    const why = readFields(cursor, reading);
    if (why !== null) return why;
    if (found.traceAt < 0 || found.idAt < 0 || found.parentAt < 0) return "invalid_id";
    const entries = (reading.more.length - moreAt) / 2;
    for (const at of linked) reading.more.push(at);
    const at = reading.items.add(SPAN.width);
    const { list } = reading.items;
    const { hasher } = reading.keys;
    list[at + SPAN.scope] = reading.scope;
    list[at + SPAN.start] = start;
    list[at + SPAN.end] = cursor.limit;
    list[at + SPAN.traceAt] = found.traceAt;
    list[at + SPAN.idAt] = found.idAt;
    list[at + SPAN.parentAt] = found.parentAt;
    list[at + SPAN.kind] = found.kind;
    list[at + SPAN.startedAt] = found.startedAt;
    list[at + SPAN.endedAt] = found.endedAt;
    list[at + SPAN.nameStart] = found.nameStart;
    list[at + SPAN.nameEnd] = found.nameEnd;
    list[at + SPAN.moreAt] = moreAt;
    list[at + SPAN.entries] = entries;
    list[at + SPAN.links] = linked.length;
    hasher.traceId(cursor.bytes, found.traceAt);
    list[at + SPAN.traceHigh] = hasher.high | 0;
    list[at + SPAN.traceLow] = hasher.low | 0;
    hasher.text(cursor.bytes, found.nameStart, found.nameEnd, found.kind);
    list[at + SPAN.nameHigh] = hasher.high | 0;
    list[at + SPAN.nameLow] = hasher.low | 0;
    return null;
  },
};

/** Checks the span's fields up to its end, and notes them in `found` and `linked`. */
function readFields(cursor: Cursor, { walk, keys, more }: Reading): RejectReason | null {
  found.traceAt = found.idAt = found.startedAt = found.endedAt = -1;
  found.parentAt = found.kind = 0;
  found.nameStart = found.nameEnd = cursor.pos;
  linked.length = 0;
  while (cursor.more()) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x0a:
        found.traceAt = readId(cursor, TRACE_ID_BYTES);
        break;
      case 0x12:
        found.idAt = readId(cursor, SPAN_ID_BYTES);
        break;
      case 0x22:
        found.parentAt = readParent(cursor);
        break;
      case 0x2a: {
        const length = cursor.skipBytes();
        found.nameEnd = cursor.pos;
        found.nameStart = cursor.pos - length;
        break;
      }
      case 0x30:
        found.kind = cursor.uint() | 0;
        break;
      case 0x39:
        found.startedAt = cursor.pos;
        cursor.skip(tag);
        break;
      case 0x41:
        found.endedAt = cursor.pos;
        cursor.skip(tag);
        break;
      case 0x4a:
        walkKeyValue(cursor, walk, 0, keys, more);
        break;
      case 0x5a:
        walkMessage(cursor, walk, 0x1a);
        break;
      case 0x6a:
        readLink(cursor);
        walkMessage(cursor, walk, 0x22);
        break;
      case 0x7a:
        walkMessage(cursor, walk, -1);
        break;
      default:
        cursor.skip(tag);
    }
    if (walk.isTooMuch) return "too_complex";
  }
  return null;
}

/** Notes where the id of the trace is that the link at the cursor leads to; the cursor stays where it is. */
function readLink(cursor: Cursor): void {
  const { pos } = cursor;
  const outer = cursor.enter();
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag !== 0x0a) {
      cursor.skip(tag);
      continue;
    }
    const at = readId(cursor, TRACE_ID_BYTES);
    if (at >= 0) linked.push(at);
  }
  cursor.limit = outer;
  cursor.pos = pos;
}
