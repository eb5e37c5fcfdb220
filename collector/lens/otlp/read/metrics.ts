/**
 * Reads metrics in: for each data point what the store has to know, as a row of whole numbers.
 *
 * Source: the metrics of opentelemetry-proto 1.9.
 */
import type { Cursor } from "../cursor.ts";
import { malformed } from "../error.ts";
import type { Reading } from "./reading.ts";
import type { ItemReader } from "./request.ts";
import { walkKeyValue, walkMessage } from "./walk.ts";

/** Columns of a data point's row, the first as those of a span. */
export const POINT = {
  scope: 0,
  start: 1,
  end: 2,
  /** Where in `more` its metric stands. */
  metricAt: 3,
  /** Of its attributes, in whatever order they stand. */
  hashHigh: 4,
  hashLow: 5,
  /** Of its time; -1 without one. */
  timeAt: 6,
  width: 7,
} as const;

/** What stands of a metric in `more`. */
export const METRIC = {
  nameStart: 0,
  nameEnd: 1,
  unitStart: 2,
  unitEnd: 3,
  descriptionStart: 4,
  descriptionEnd: 5,
  /** The field of Metric that holds its data. */
  kind: 6,
  /** 1: delta, 2: cumulative. */
  temporality: 7,
  isMonotonic: 8,
  width: 9,
} as const;

/** Fields of Metric with data points, and what a point of each is made of. */
export const KINDS: ReadonlyMap<number, PointShape> = new Map([
  [5, { name: "gauge", attributes: 7, exemplars: 5 }],
  [7, { name: "sum", attributes: 7, exemplars: 5 }],
  [9, { name: "histogram", attributes: 9, exemplars: 8, packed64: [6, 7] }],
  [10, { name: "exponentialHistogram", attributes: 1, exemplars: 11, buckets: [8, 9] }],
  [11, { name: "summary", attributes: 7, exemplars: -1 }],
]);

/** Fields of a data point. */
export interface PointShape {
  readonly name: string;
  readonly attributes: number;
  readonly exemplars: number;
  /** Lists of eight bytes each, one behind the other. */
  readonly packed64?: readonly number[];
  readonly buckets?: readonly number[];
}

const tagOf = (field: number): number => field * 8 + 2;

export const metricReader: ItemReader = {
  width: POINT.width,
  read(cursor, reading) {
    const { more } = reading;
    const metricAt = more.add(METRIC.width);
    more.list.fill(0, metricAt, metricAt + METRIC.width);
    const note = (column: number): void => {
      const length = cursor.skipBytes();
      more.list[metricAt + column] = cursor.pos - length;
      more.list[metricAt + column + 1] = cursor.pos;
    };
    while (cursor.more()) {
      const tag = cursor.tag();
      const shape = (tag & 7) === 2 ? KINDS.get(tag >>> 3) : undefined;
      if (shape) readData(cursor, reading, metricAt, tag >>> 3, shape);
      else if (tag === 0x0a) note(METRIC.nameStart);
      else if (tag === 0x12) note(METRIC.descriptionStart);
      else if (tag === 0x1a) note(METRIC.unitStart);
      else cursor.skip(tag);
    }
    return null;
  },
};

/** A Gauge, Sum, Histogram and so on: points 1, temporality 2, whether it is monotonic 3. */
function readData(cursor: Cursor, reading: Reading, metricAt: number, kind: number, shape: PointShape): void {
  const { more } = reading;
  more.list[metricAt + METRIC.kind] = kind;
  const outer = cursor.enter();
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) {
      const end = cursor.enter();
      readPoint(cursor, reading, metricAt, shape);
      cursor.leave(end);
    } else if (tag === 0x10) more.list[metricAt + METRIC.temporality] = cursor.uint() | 0;
    else if (tag === 0x18) more.list[metricAt + METRIC.isMonotonic] = cursor.uint() === 0 ? 0 : 1;
    else cursor.skip(tag);
  }
  cursor.leave(outer);
}

function readPoint(cursor: Cursor, reading: Reading, metricAt: number, shape: PointShape): void {
  const { walk, keys, items } = reading;
  const { hasher } = keys;
  const { pos: start, bytes } = cursor;
  let [high, low, timeAt] = [0, 0, -1];
  walk.begin();
  while (cursor.more() && !walk.isTooMuch) {
    const tag = cursor.tag();
    const field = (tag & 7) === 2 ? tag >>> 3 : 0;
    if (tag === 0x19) {
      timeAt = cursor.pos;
      cursor.skip(tag);
    } else if (tag === tagOf(shape.attributes)) {
      const at = cursor.pos;
      walkKeyValue(cursor, walk, 0);
      hasher.text(bytes, at, cursor.pos, 0);
      // Added, so that the order does not matter.
      high = (high + hasher.high) | 0;
      low = (low + hasher.low) | 0;
    } else if (field === shape.exemplars) walkMessage(cursor, walk, tagOf(7));
    else if (shape.packed64?.includes(field)) {
      if (cursor.skipBytes() % 8 !== 0) throw malformed("a list of numbers ends in the middle of one");
    } else if (shape.buckets?.includes(field)) walkBuckets(cursor);
    else cursor.skip(tag);
  }
  if (walk.isTooMuch) {
    reading.rejected.too_complex++;
    return;
  }
  const at = items.add(POINT.width);
  const { list } = items;
  list[at + POINT.scope] = reading.scope;
  list[at + POINT.start] = start;
  list[at + POINT.end] = cursor.limit;
  list[at + POINT.metricAt] = metricAt;
  list[at + POINT.hashHigh] = high;
  list[at + POINT.hashLow] = low;
  list[at + POINT.timeAt] = timeAt;
}

/** Buckets: an offset 1, counts 2, which are varints one behind the other. */
function walkBuckets(cursor: Cursor): void {
  const outer = cursor.enter();
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag !== 0x12) {
      cursor.skip(tag);
      continue;
    }
    const end = cursor.enter();
    while (cursor.more()) cursor.uint();
    cursor.leave(end);
  }
  cursor.leave(outer);
}
