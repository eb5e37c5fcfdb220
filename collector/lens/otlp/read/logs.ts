/** Reads log records in: what the store has to know of each, as a row of whole numbers. */
import { readId, TRACE_ID_BYTES } from "../ids.ts";
import type { ItemReader } from "./request.ts";
import { walkAnyValue, walkKeyValue } from "./walk.ts";

/** Columns of a log record's row, the first as those of a span. */
export const LOG = {
  scope: 0,
  start: 1,
  end: 2,
  /** -1 outside any trace. */
  traceAt: 3,
  severity: 4,
  /** Of its time, or else of the time at which it was observed; -1 without either. */
  timeAt: 5,
  moreAt: 6,
  entries: 7,
  traceHigh: 8,
  traceLow: 9,
  width: 10,
} as const;

export const logReader: ItemReader = {
  width: LOG.width,
  /** As the protocol asks: ids of a log record that are not valid count as not set. */
  read(cursor, { walk, keys, more, items, scope }) {
    const { pos: start } = cursor;
    const moreAt = more.length;
    let [traceAt, severity, timeAt, observedAt] = [-1, 0, -1, -1];
    while (cursor.more()) {
      const tag = cursor.tag();
      if (tag === 0x09) timeAt = noteTime(cursor.pos, cursor.roughFixed64());
      else if (tag === 0x59) observedAt = noteTime(cursor.pos, cursor.roughFixed64());
      else if (tag === 0x10) severity = cursor.uint() | 0;
      else if (tag === 0x2a) walkAnyValue(cursor, walk, 0);
      else if (tag === 0x32) walkKeyValue(cursor, walk, 0, keys, more);
      else if (tag === 0x4a) traceAt = readId(cursor, TRACE_ID_BYTES);
      else cursor.skip(tag);
      if (walk.isTooMuch) return "too_complex";
    }
    const at = items.add(LOG.width);
    const { list } = items;
    const { hasher } = keys;
    list[at + LOG.scope] = scope;
    list[at + LOG.start] = start;
    list[at + LOG.end] = cursor.limit;
    list[at + LOG.traceAt] = traceAt;
    list[at + LOG.severity] = severity;
    list[at + LOG.timeAt] = timeAt < 0 ? observedAt : timeAt;
    list[at + LOG.moreAt] = moreAt;
    list[at + LOG.entries] = (more.length - moreAt) / 2;
    if (traceAt >= 0) hasher.traceId(cursor.bytes, traceAt);
    list[at + LOG.traceHigh] = traceAt < 0 ? 0 : hasher.high | 0;
    list[at + LOG.traceLow] = traceAt < 0 ? 0 : hasher.low | 0;
    return null;
  },
};

/** Where a time stands; -1 for one that is not set. */
const noteTime = (at: number, time: number): number => (time === 0 ? -1 : at);
