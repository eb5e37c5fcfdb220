/** Reads what is stored of a trace: a page of some blocks at a time, in the order of arrival. */
import { Cursor } from "../../otlp/cursor.ts";
import { itemsOf } from "../content.ts";
import { PLACES_A_PART, segmentKey } from "../layout.ts";
import type { TraceRow } from "../row-types.ts";
import type { Database, Statement } from "../sqlite.ts";
import type { Contents } from "./contents.ts";
import type { Origin, Words } from "./words.ts";

/** A stored item, encoded: a view, good until the next page is read. */
export interface Stored {
  readonly origin: Origin;
  readonly bytes: Buffer;
}

export interface ItemsPage {
  readonly items: readonly Stored[];
  /** Where the next page begins; null after the last. */
  readonly next: ItemsPlace | null;
}

/** The row of the trace, and the segment of it. */
export interface ItemsPlace {
  readonly row: number;
  readonly segment: number;
}

/** So many segments are read in one page, and about so many bytes: some ms. */
const SEGMENTS = 128;
const BYTES = 512 * 1024;
export const FIRST: ItemsPlace = { row: 0, segment: 0 };

type SegmentRow = readonly [
  key: number,
  block: number,
  start: number,
  length: number,
  spans: number,
  logs: number,
];

export class Items {
  readonly #segments: Statement;
  readonly #words: Words;
  readonly #contents: Contents;

  constructor(database: Database, words: Words, contents: Contents) {
    this.#words = words;
    this.#contents = contents;
    this.#segments = database.prepare(
      `SELECT key, block, start, length, spans, logs FROM segment WHERE key >= ? AND key < ? ORDER BY key LIMIT ${SEGMENTS}`,
    );
    this.#segments.setReturnArrays(true);
  }

  /** A page of the spans, or the log records, of the trace with these rows. */
  page(rows: readonly TraceRow[], logs: boolean, at: ItemsPlace): ItemsPage {
    const key = rows[at.row]?.[0];
    if (key === undefined) return { items: [], next: null };
    const items: Stored[] = [];
    const [from, to] = [segmentKey(key, at.segment), segmentKey(key + 1, 0)];
    const segments = this.#segments.all(from, to) as unknown as SegmentRow[];
    let bytes = 0;
    for (const [segment, block, start, length, spans, records] of segments) {
      if (bytes > BYTES) return { items, next: { row: at.row, segment: segment - segmentKey(key, 0) } };
      if ((logs ? records : spans) === 0) continue;
      const content = this.#contents.read(block, start + length);
      if (!content) continue;
      bytes += length;
      const part = Math.floor(block / PLACES_A_PART);
      for (const item of itemsOf(content, start, start + length)) {
        const origin = item.isLog === logs ? this.#words.origin(part, item.origin) : undefined;
        if (origin) items.push({ origin, bytes: item.bytes });
      }
    }
    const last = segments.at(-1)?.[0];
    if (last === undefined || segments.length < SEGMENTS)
      return { items, next: { row: at.row + 1, segment: 0 } };
    return { items, next: { row: at.row, segment: last + 1 - segmentKey(key, 0) } };
  }
}

/** OTLP's number of the kind. */
const SERVER = 2;

/** What tells the versions of a span apart from other spans of its trace; and whether this one has an end. */
export function versionOf(bytes: Buffer): { readonly key: string; readonly hasEnded: boolean } {
  const cursor = new Cursor(bytes);
  let [id, kind, hasEnded] = ["", 0, false];
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x12) id = cursor.hex();
    else if (tag === 0x30) kind = cursor.uint();
    else if (tag === 0x41) hasEnded = cursor.fixed64() !== 0n;
    else cursor.skip(tag);
  }
  return { key: kind === SERVER ? `${id}s` : id, hasEnded };
}
