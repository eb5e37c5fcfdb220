/**
 * Moves traces from a part that is to go to others: they are written there as if they arrived, at their places in the
 * order.
 */
import { IndexKeys } from "../../../otlp/read/index-keys.ts";
import { logReader } from "../../../otlp/read/logs.ts";
import { type ItemReader, readRequest } from "../../../otlp/read/request.ts";
import { spanReader } from "../../../otlp/read/spans.ts";
import { itemsOf } from "../../content.ts";
import { PIECE, segmentKey, traceKey } from "../../layout.ts";
import type { SegmentRow, TraceRow } from "../../row-types.ts";
import { type Batch, batchOf } from "../batch.ts";
import { encodeRequest, type OriginBytes } from "../encode.ts";
import type { Find } from "../finder.ts";
import { LogWriter } from "../logs.ts";
import type { Part } from "../parts/part.ts";
import { SpanWriter } from "../spans.ts";
import { contentOf } from "../stored.ts";
import { newIds, Trace } from "../trace.ts";
import type { Writing } from "../writing.ts";

/** Traces that are looked at in one go. */
const TRACES = 256;

interface Found {
  readonly origin: OriginBytes;
  readonly bytes: Buffer;
}

export class Mover {
  readonly #writing: Writing;
  readonly #keys: IndexKeys;
  readonly #spans: SpanWriter;
  readonly #logs: LogWriter;
  /** The part that is being looked through, how far, and its origins. */
  #part = 0;
  #after = 0;
  #origins: OriginBytes[] = [];
  /** Neighbours lie in the same block. */
  #content: { readonly block: number; readonly bytes: Buffer } = { block: -1, bytes: Buffer.alloc(0) };

  /** `index`: names of the indexed attributes. */
  constructor(writing: Writing, index: readonly string[]) {
    this.#writing = writing;
    this.#keys = new IndexKeys(writing.hasher, index);
    this.#spans = new SpanWriter(writing);
    this.#logs = new LogWriter(writing);
  }

  /**
   * Moves some traces of these services, each to the part of whom they are kept for. False when there are none left.
   */
  move(part: Part, keptFor: ReadonlyMap<string, string>): boolean {
    const { sql } = this.#writing;
    if (this.#part !== part.id) this.#begin(part);
    const rows = sql.tracesAfter.all(this.#after, traceKey(part.id + 1, 0), TRACES) as unknown as TraceRow[];
    for (const row of rows) {
      const service = part.rootOf(row[3])?.service;
      const kept = service === undefined ? undefined : keptFor.get(service);
      if (service !== undefined && kept !== undefined) this.#moveOne(part, row, service, kept);
      this.#after = row[0];
    }
    return rows.length > 0;
  }

  #begin(part: Part): void {
    this.#part = part.id;
    this.#content = { block: -1, bytes: Buffer.alloc(0) };
    this.#after = traceKey(part.id, 0) - 1;
    const rows = this.#writing.sql.origins.all(part.id) as unknown as OriginRow[];
    this.#origins = rows.map(([, , resource, resourceUrl, scope, scopeUrl]) => ({
      resource: Buffer.from(resource),
      scope: Buffer.from(scope),
      resourceUrl,
      scopeUrl,
    }));
  }

  #moveOne(part: Part, row: TraceRow, service: string, kept: string): void {
    const { sql, parts, hasher, nowMs } = this.#writing;
    const [key, seq, id, , rooted, pieces, , spans, logs, , bytes] = row;
    const hasEarlier = (pieces & PIECE.hasEarlier) !== 0;
    const items = this.#itemsOf(key);
    sql.dropTraces.run(key, key + 1);
    sql.dropSegments.run(segmentKey(key, 0), segmentKey(key + 1, 0));
    const from = part.root(service);
    from.traces -= hasEarlier ? 0 : 1;
    from.spans -= spans;
    from.logs -= logs;
    from.bytes -= bytes;
    from.isDirty = true;
    part.isDirty = true;

    const open = parts.keptOf(kept, nowMs);
    const root = open.part.root(service);
    const hash = hasher.traceId(id, 0);
    const about = { seq, hash, id: Buffer.from(id), hasEarlier, ids: newIds(hasher) };
    const trace = new Trace(open.part, open.part.nextTrace(seq), root, about);
    trace.rooted = rooted;
    trace.hasLater = (pieces & PIECE.hasLater) !== 0;
    root.traces += hasEarlier ? 0 : 1;
    if (id.some((byte) => byte !== 0)) {
      open.part.filter.add(hash);
      open.entry(hash, trace.place);
    }
    const find: Find = () => trace;
    for (const batch of this.#batches("traces", spanReader, items.spans))
      this.#spans.write(open, batch, find);
    for (const batch of this.#batches("logs", logReader, items.logs)) this.#logs.write(open, batch, find);
    // Each transaction saves before it makes room, and after.
    trace.lastMs = row[13];
  }

  /** What was stored, as requests. */
  *#batches(signal: Batch["signal"], reader: ItemReader, found: readonly Found[]): Generator<Batch> {
    if (found.length === 0) return;
    const request = encodeRequest(found);
    const reading = readRequest(request, this.#keys, reader);
    for (let step = reading.next(); ; step = reading.next()) {
      if (!step.done) continue;
      yield batchOf(signal, request, step.value);
      return;
    }
  }

  #itemsOf(trace: number): { readonly spans: Found[]; readonly logs: Found[] } {
    const { sql } = this.#writing;
    const items: { spans: Found[]; logs: Found[] } = { spans: [], logs: [] };
    const [from, to] = [segmentKey(trace, 0), segmentKey(trace + 1, 0)];
    for (const segment of sql.segments.all(from, to) as unknown as SegmentRow[]) {
      const [block, start, length] = segment;
      if (this.#content.block !== block) this.#content = { block, bytes: contentOf(sql, block) };
      for (const { origin, bytes, isLog } of itemsOf(this.#content.bytes, start, start + length)) {
        const from = this.#origins[origin];
        if (from) items[isLog ? "logs" : "spans"].push({ origin: from, bytes });
      }
    }
    return items;
  }
}

type OriginRow = readonly [
  id: number,
  service: string,
  resource: Uint8Array,
  resourceUrl: string,
  scope: Uint8Array,
  scopeUrl: string,
];
