/**
 * The items of a request, trace by trace: first all of them are strung on the chains of their traces, then each chain
 * is written as one segment, so that what belongs together lies together.
 */
import { BUCKET, placeKey, segmentKey } from "../layout.ts";
import type { Batch } from "./batch.ts";
import type { OpenPart, Origin } from "./parts/open-part.ts";
import { NONE, type Trace } from "./trace.ts";
import { markDirty, type Writing } from "./writing.ts";

/** Columns that rows of spans and of log records share: the scope, and where the item begins and ends. */
const [SCOPE, START, END] = [0, 1, 2];

/** What a segment of log records adds to what lists them. */
export interface LogsAbout {
  first: number;
  last: number;
  severity: number;
  /** Of the services that wrote them. */
  readonly services: Set<number>;
}

export class Chains {
  readonly #writing: Writing;
  /** The traces of the request, in the order in which they came. */
  readonly #traces: Trace[] = [];
  #next = new Int32Array(512);

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  begin({ count }: Batch): void {
    this.#traces.length = 0;
    if (this.#next.length < count) this.#next = new Int32Array(count * 2);
  }

  /** Appends the item with this number to the trace's chain. True when it is the chain's first. */
  add(trace: Trace, item: number): boolean {
    this.#next[item] = NONE;
    const isFirst = trace.first === NONE;
    if (isFirst) {
      trace.first = item;
      this.#traces.push(trace);
    } else this.#next[trace.last] = item;
    trace.last = item;
    return isFirst;
  }

  /** Writes all chains to the part. `logs`: what is to be noted of an item, for log records. */
  write(
    open: OpenPart,
    batch: Batch,
    body: Buffer,
    width: number,
    originOf: (scope: number) => Origin,
    logs: ((item: number, into: LogsAbout) => void) | null,
  ): void {
    const { items } = batch;
    for (const trace of this.#traces) {
      let segment = new Segment(open, trace);
      for (let item = trace.first; item !== NONE; item = this.#next[item] as number) {
        if (segment.isFull) {
          this.#save(open, segment);
          segment = new Segment(open, trace);
        }
        const at = item * width;
        const [start, end] = [items[at + START] as number, items[at + END] as number];
        segment.block.append(originOf(items[at + SCOPE] as number).id, logs !== null, body, start, end);
        segment.count++;
        trace.bytes += end - start;
        trace.root.bytes += end - start;
        if (logs) logs(item, segment.about());
      }
      this.#save(open, segment);
      trace.first = trace.last = NONE;
      trace.lastMs = this.#writing.nowMs;
      trace.root.isDirty = true;
      markDirty(this.#writing, trace);
    }
    open.part.lastMs = this.#writing.nowMs;
    open.part.isDirty = true;
  }

  #save(open: OpenPart, { trace, block, start, count, logs }: Segment): void {
    const { sql } = this.#writing;
    const key = segmentKey(trace.key, trace.segments++);
    sql.segment.run(key, block.key, start, block.length - start, logs ? 0 : count, logs ? count : 0);
    if (!logs) return;
    const place = open.part.logs++;
    sql.log.run(placeKey(open.part.id, place), key, logs.first, logs.last, logs.severity);
    for (const service of logs.services) open.bucketEntry(Math.floor(place / BUCKET), service);
  }
}

/** A segment on its way into a block. */
class Segment {
  readonly trace: Trace;
  readonly block: ReturnType<OpenPart["block"]>;
  readonly start: number;
  count = 0;
  logs: LogsAbout | null = null;

  constructor(open: OpenPart, trace: Trace) {
    this.trace = trace;
    this.block = open.block();
    this.start = this.block.length;
  }

  get isFull(): boolean {
    return this.count > 0 && this.block.isFull;
  }

  about(): LogsAbout {
    this.logs ??= {
      first: Number.POSITIVE_INFINITY,
      last: Number.NEGATIVE_INFINITY,
      severity: 0,
      services: new Set(),
    };
    return this.logs;
  }
}
