/**
 * Metrics are counted and let go: in the full stack they belong to Prometheus, and lens answers questions about
 * journeys. The request is still read, so that a broken sender gets its 400.
 */
import { Cursor } from "./cursor.ts";

/** Gauge, sum, histogram, exponential histogram and summary: field numbers of Metric, each with data points in 1. */
const DATA_TAGS = new Set([5, 7, 9, 10, 11].map((field) => field * 8 + 2));

/** Cuts a metrics request into its ResourceMetrics: views, not copies. */
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

/** `parts`: encoded ResourceMetrics messages. Returns the number of data points; throws an OtlpError `malformed`. */
export function countDataPoints(parts: Iterable<Buffer>): number {
  let points = 0;
  for (const part of parts) {
    eachMessage(new Cursor(part), 0x12, (scope) =>
      eachMessage(scope, 0x12, (metric) => {
        while (metric.more()) {
          const tag = metric.tag();
          if (!DATA_TAGS.has(tag)) {
            metric.skip(tag);
            continue;
          }
          const outer = metric.enter();
          eachMessage(metric, 0x0a, (point) => {
            points++;
            while (point.more()) point.skip(point.tag());
          });
          metric.leave(outer);
        }
      }),
    );
  }
  return points;
}

/** Calls `read` in each message under `wanted` and passes over the other fields, up to the cursor's limit. */
function eachMessage(cursor: Cursor, wanted: number, read: (cursor: Cursor) => void): void {
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag !== wanted) {
      cursor.skip(tag);
      continue;
    }
    const outer = cursor.enter();
    read(cursor);
    cursor.leave(outer);
  }
}
