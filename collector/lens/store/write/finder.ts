/** Finds the trace that something arrives for, or makes it. */
import { Cursor } from "../../otlp/cursor.ts";
import { itemsOf } from "../content.ts";
import { PIECE, partOfTrace, SEGMENTS_A_TRACE, segmentKey, TRACES_A_PART } from "../layout.ts";
import type { SegmentRow, TraceRow } from "../row-types.ts";
import type { OpenPart } from "./parts/open-part.ts";
import type { Root } from "./parts/part.ts";
import type { SpanIds } from "./span-ids.ts";
import { contentOf } from "./stored.ts";
import { newIds, Trace } from "./trace.ts";
import { noteSpan, SERVER } from "./versions.ts";
import type { Writing } from "./writing.ts";

/** A trace with this many segments goes on in a row of its own: one request may bring some hundred more. */
const MOST_SEGMENTS = SEGMENTS_A_TRACE - 1024;
/** In a longer trace that was not written to for a while, repeated spans are not recognised. */
const MOST_IDS = 65_536;
const NO_ID = Buffer.alloc(16);

/**
 * Finds the trace whose id, with this hash, stands in `body` at `at`; -1: outside any trace. `service`: whom a new one
 * counts for until its root comes.
 */
export type Find = (open: OpenPart, hash: number, body: Buffer, at: number, service: string) => Trace;

export class Finder {
  readonly #writing: Writing;

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  readonly find: Find = (open, hash, body, at, service) => {
    if (at < 0) return this.#loose(open, service);
    const { recent } = this.#writing;
    const known = recent.find(hash, body, at);
    if (known && known.part === open.part && known.segments < MOST_SEGMENTS) return known;
    const trace = known
      ? this.#again(open, known, body, at)
      : (this.#stored(open, hash, body, at) ?? this.#new(open, hash, body, at, service));
    recent.add(trace);
    return trace;
  };

  /** A row for log records outside any trace, of one service and one request. */
  #loose(open: OpenPart, service: string): Trace {
    const root = open.part.root(service);
    root.traces++;
    root.isDirty = true;
    const seq = this.#writing.parts.nextSeq();
    const about = { seq, hash: 0, id: NO_ID, hasEarlier: false, ids: newIds(this.#writing.hasher) };
    return new Trace(open.part, open.part.nextTrace(seq), root, about);
  }

  /** The service that the trace with this id counts for; null when nothing is known of it. `hash`: of its id. */
  serviceOf(hash: number, body: Buffer, at: number): string | null {
    const known = this.#writing.recent.find(hash, body, at);
    if (known) return known.root.service;
    const [newest] = this.#writing.parts.find(hash, body, at);
    return newest ? (this.#rootOf(newest)?.service ?? null) : null;
  }

  #new(open: OpenPart, hash: number, body: Buffer, at: number, service: string): Trace {
    const { hasher } = this.#writing;
    const root = open.part.root(service);
    root.traces++;
    return this.#made(open, root, body, at, { hash, hasEarlier: false, ids: newIds(hasher) });
  }

  /** What was known of it, as the beginning of another row. */
  #again(open: OpenPart, known: Trace, body: Buffer, at: number): Trace {
    known.hasLater = true;
    this.#writing.sql.hasLater.run(known.key);
    const root = open.part.root(known.root.service);
    const trace = this.#made(open, root, body, at, { hash: known.hash, hasEarlier: true, ids: known.ids });
    trace.rooted = known.rooted;
    trace.into = known.into;
    trace.lastMs = known.lastMs;
    return trace;
  }

  /** The trace as the database has it: its row in this part, or a further one here. Null when it has none. */
  #stored(open: OpenPart, hash: number, body: Buffer, at: number): Trace | null {
    const rows = this.#writing.parts.find(hash, body, at);
    const [newest] = rows;
    if (!newest) return null;
    const [key, seq, id, , rooted, pieces, revised, spans, logs, segments, bytes, start, end, lastMs] =
      newest;
    const service = this.#rootOf(newest)?.service ?? "";
    const ids = this.#idsOf(rows);
    const root = open.part.root(service);
    if (partOfTrace(key) !== open.part.id || segments >= MOST_SEGMENTS) {
      this.#writing.sql.hasLater.run(key);
      const trace = this.#made(open, root, body, at, { hash, hasEarlier: true, ids });
      return Object.assign(trace, { rooted, lastMs });
    }
    const hasEarlier = (pieces & PIECE.hasEarlier) !== 0;
    const about = { seq, hash, id: Buffer.from(id), hasEarlier, ids };
    const trace = new Trace(open.part, key % TRACES_A_PART, root, about);
    const times = spans > 0 ? { start, end } : {};
    return Object.assign(trace, {
      rooted,
      revised: revised === 1,
      spans,
      logs,
      segments,
      bytes,
      lastMs,
      ...times,
    });
  }

  #made(
    open: OpenPart,
    root: Root,
    body: Buffer,
    at: number,
    { hash, hasEarlier, ids }: { hash: number; hasEarlier: boolean; ids: SpanIds },
  ): Trace {
    root.isDirty = true;
    const seq = this.#writing.parts.nextSeq();
    const place = open.part.nextTrace(seq);
    open.part.filter.add(hash);
    open.entry(hash, place);
    const id = Buffer.from(body.subarray(at, at + 16));
    return new Trace(open.part, place, root, { seq, hash, id, hasEarlier, ids });
  }

  #rootOf(row: TraceRow): Root | undefined {
    return this.#writing.parts.of(partOfTrace(row[0]))?.rootOf(row[3]);
  }

  /** Reads the ids of the spans in these rows. */
  #idsOf(rows: readonly TraceRow[]): SpanIds {
    const { sql, hasher } = this.#writing;
    const ids = newIds(hasher);
    for (const row of rows) {
      const [key] = row;
      if (ids.size + row[7] > MOST_IDS) continue;
      const [from, to] = [segmentKey(key, 0), segmentKey(key + 1, 0)];
      for (const segment of sql.segments.all(from, to) as unknown as SegmentRow[]) {
        const [block, start, length, spans] = segment;
        if (spans === 0) continue;
        for (const { bytes, isLog } of itemsOf(contentOf(sql, block), start, start + length))
          if (!isLog) noteStored(ids, bytes);
      }
    }
    return ids;
  }
}

/** Notes the id of a stored span. */
function noteStored(ids: SpanIds, bytes: Buffer): void {
  const cursor = new Cursor(bytes);
  let [idAt, kind, hasEnded] = [-1, 0, false];
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x12) idAt = cursor.pos + 1;
    if (tag === 0x30) kind = cursor.uint();
    else if (tag === 0x41) hasEnded = cursor.fixed64() !== 0n;
    else cursor.skip(tag);
  }
  if (idAt >= 0)
    noteSpan(ids, bytes.readInt32BE(idAt), bytes.readInt32BE(idAt + 4), kind === SERVER, hasEnded);
}
