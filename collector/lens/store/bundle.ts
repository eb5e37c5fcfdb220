/**
 * What is kept and evicted together: the spans and log records of one trace, or the log records of one request
 * that belong to no trace.
 *
 * Items lie encoded in chunks, one per request that brought some: `varint origin | varint length | bytes`, where
 * origin is a place in `origins`. They are copied, so that a small trace does not keep a large request alive.
 */
import { Cursor } from "../otlp/cursor.ts";
import type { RawItem } from "../otlp/read.ts";
import type { Operation } from "./operations.ts";
import type { Origin } from "./origins.ts";
import { SpanIds } from "./span-ids.ts";

/** The object, its sets and its map entry; measured, rounded up. */
export const BUNDLE_OVERHEAD = 1536;
/** A Buffer and the memory block behind it; measured, rounded up. */
const CHUNK_OVERHEAD = 200;

/** An item that is to be added, with the request's buffer that it lies in. */
export interface Arrival {
  readonly item: RawItem;
  readonly buffer: Buffer;
  readonly origin: Origin;
}

/** A stored item, encoded. */
export interface Stored {
  readonly origin: Origin;
  readonly bytes: Buffer;
}

export class Chunks {
  readonly #chunks: Buffer[] = [];
  count = 0;

  /** Copies the arrivals into one chunk of exactly their size. Returns the bytes that it takes. */
  append(arrivals: readonly Arrival[], placeOf: (origin: Origin) => number): number {
    const places = arrivals.map((arrival) => placeOf(arrival.origin));
    let size = 0;
    arrivals.forEach(({ item }, i) => {
      const length = item.end - item.start;
      size += varintSize(places[i] ?? 0) + varintSize(length) + length;
    });
    const chunk = Buffer.allocUnsafeSlow(size);
    let pos = 0;
    arrivals.forEach(({ item, buffer }, i) => {
      pos = writeVarint(chunk, pos, places[i] ?? 0);
      pos = writeVarint(chunk, pos, item.end - item.start);
      pos += buffer.copy(chunk, pos, item.start, item.end);
    });
    this.#chunks.push(chunk);
    this.count += arrivals.length;
    return size + CHUNK_OVERHEAD;
  }

  /** The stored items in the order of their arrival: views of the chunks. */
  *read(bundle: Bundle): Generator<Stored> {
    const origins = [...bundle.origins.keys()];
    for (const chunk of this.#chunks) {
      const cursor = new Cursor(chunk);
      while (cursor.more()) {
        const origin = origins[cursor.uint()];
        const bytes = cursor.view();
        if (origin) yield { origin, bytes };
      }
    }
  }

  /** True when these bytes stand somewhere in the chunks: a quick way to see that a search cannot hit. */
  include(bytes: Buffer): boolean {
    return this.#chunks.some((chunk) => chunk.includes(bytes));
  }
}

export class Bundle {
  /** Empty for log records outside any trace. */
  readonly traceId: string;
  readonly spans = new Chunks();
  readonly logs = new Chunks();
  readonly spanIds = new SpanIds();
  /** Each with its place, which is also its place in the order of the map. */
  readonly origins = new Map<Origin, number>();
  readonly operations = new Set<Operation>();
  /** Its keys in the index of attributes. */
  readonly entries = new Set<string>();
  /** Its keys in the index of link targets: traces that one of its spans links to. */
  readonly linkedTraces = new Set<string>();
  /** Unix nanoseconds, rounded to a double. */
  firstStartNs = Number.POSITIVE_INFINITY;
  lastStartNs = Number.NEGATIVE_INFINITY;
  /** What it alone takes in the store, its index entries included. */
  bytes = BUNDLE_OVERHEAD;
  /** Neighbours in the order of arrival. */
  older: Bundle | null = null;
  newer: Bundle | null = null;

  constructor(traceId: string) {
    this.traceId = traceId;
  }
}

const varintSize = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 5;

/** Writes `value` in exactly `varintSize(value)` bytes: lengths above 2 MiB are padded, which a reader accepts. */
function writeVarint(chunk: Buffer, start: number, value: number): number {
  const last = start + varintSize(value) - 1;
  let rest = value;
  for (let pos = start; pos < last; pos++) {
    chunk[pos] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  chunk[last] = rest;
  return last + 1;
}
