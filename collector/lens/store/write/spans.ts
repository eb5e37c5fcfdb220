/** Writes the spans of a request. */

import { RESOURCE } from "../../otlp/read/reading.ts";
import { SPAN, spanReader } from "../../otlp/read/spans.ts";
import { LINK_SALT } from "../layout.ts";
import { type Batch, hashAt, resourceAt } from "./batch.ts";
import { Chains } from "./chains.ts";
import { type Find, Finder } from "./finder.ts";
import type { OpenPart, Origin } from "./parts/open-part.ts";
import { MANY, ROOTED, type Trace } from "./trace.ts";
import { noteSpan, SERVER, VERSION } from "./versions.ts";
import type { Writing } from "./writing.ts";

/** A journey that nothing came for in this time was over, as far as a reader could tell. */
const LATE_AFTER_MS = 10_000;
/** A trace with more entries is not searched for one that it may have: the database knows. */
const MOST_COMPARED = 32;
const TWO_32 = 4_294_967_296;

export class SpanWriter {
  readonly #writing: Writing;
  readonly #finder: Finder;
  readonly #chains: Chains;
  /** Of the request that is being written, by scope. */
  #origins: (Origin | undefined)[] = [];

  constructor(writing: Writing) {
    this.#writing = writing;
    this.#finder = new Finder(writing);
    this.#chains = new Chains(writing);
  }

  /**
   * Writes the spans of `batch` to the part, all but those that are there already. Returns how many are new. (One that
   * replaces another is not.)
   */
  write(open: OpenPart, batch: Batch, find: Find = this.#finder.find): number {
    const { items, count } = batch;
    const { buffer, byteOffset, byteLength } = batch.body;
    const body = Buffer.from(buffer, byteOffset, byteLength);
    this.#origins = [];
    const originOf = (scope: number): Origin => {
      const known = this.#origins[scope];
      if (known) return known;
      const origin = open.origin(batch, body, scope);
      this.#origins[scope] = origin;
      return origin;
    };
    this.#chains.begin(batch);
    let trace: Trace | null = null;
    let stored = 0;
    for (let i = 0, at = 0; i < count; i++, at += SPAN.width) {
      const traceAt = items[at + SPAN.traceAt] as number;
      const origin = originOf(items[at + SPAN.scope] as number);
      if (!trace?.isAt(body, traceAt))
        trace = find(open, hashAt(items, at + SPAN.traceHigh), body, traceAt, origin.service);
      if (this.#add(open, trace, batch, body, origin, i)) stored++;
    }
    this.#chains.write(open, batch, body, SPAN.width, originOf, null);
    return stored;
  }

  /** False for a span that is there already, also for one that takes its place. */
  #add(open: OpenPart, trace: Trace, batch: Batch, body: Buffer, origin: Origin, item: number): boolean {
    const { items } = batch;
    const at = item * spanReader.width;
    const idAt = items[at + SPAN.idAt] as number;
    const kind = items[at + SPAN.kind] as number;
    const start = timeAt(body, items[at + SPAN.startedAt] as number);
    const end = timeAt(body, items[at + SPAN.endedAt] as number);
    const [high, low] = [body.readInt32BE(idAt), body.readInt32BE(idAt + 4)];
    const version = noteSpan(trace.ids, high, low, kind === SERVER, end > 0);
    if (version === VERSION.repeated) return false;
    if (this.#chains.add(trace, item)) this.#countLate(trace);
    if (version === VERSION.first) {
      trace.spans++;
      trace.root.spans++;
    } else trace.revised = true;
    if (start < trace.start) trace.start = start;
    if (end > trace.end) trace.end = end;
    const named = hashAt(items, at + SPAN.nameHigh);
    open.operation(trace.place, origin, named, body, items, at);
    const moreAt = items[at + SPAN.moreAt] as number;
    const entries = items[at + SPAN.entries] as number;
    this.#enter(open, trace, batch.more, moreAt, entries);
    const resource = resourceAt(batch, items[at + SPAN.scope] as number);
    const ofResource = batch.resources[resource + RESOURCE.entries] as number;
    if (ofResource > 0)
      this.#enter(
        open,
        trace,
        batch.more,
        batch.resources[resource + RESOURCE.entriesAt] as number,
        ofResource,
      );
    const links = items[at + SPAN.links] as number;
    for (let i = 0; i < links; i++)
      this.#link(open, trace, body, batch.more[moreAt + entries * 2 + i] as number);
    this.#noteRoot(trace, origin, (items[at + SPAN.parentAt] as number) === 0, kind);
    return version === VERSION.first;
  }

  /** Enters the trace under the hashes of indexed values, each once. */
  #enter(open: OpenPart, trace: Trace, more: Int32Array, from: number, count: number): void {
    for (let i = 0; i < count; i++) enter(open, trace, hashAt(more, from + i * 2));
  }

  /**
   * Enters the trace as one that links to the trace whose id stands at `at`. Links inside one trace lead nowhere else.
   */
  #link(open: OpenPart, trace: Trace, body: Buffer, at: number): void {
    const { hasher } = this.#writing;
    const target = hasher.traceId(body, at);
    if (target === trace.hash) return;
    enter(open, trace, hasher.traceId(body, at, LINK_SALT));
    if (trace.into === target || trace.into === MANY) return;
    if (trace.into !== 0) {
      trace.into = MANY;
      return;
    }
    trace.into = target;
    if (trace.rooted === ROOTED.atEdge) return;
    // A journey's traces go together: this one counts for the service that its journey began at.
    const service = this.#finder.serviceOf(target, body, at);
    if (service === null) return;
    trace.moveTo(open.part.root(service));
    trace.rooted = ROOTED.byLink;
  }

  /** A trace counts for the service of its root; until that is there, for the service of whatever came first. */
  #noteRoot(trace: Trace, origin: Origin, isFirst: boolean, kind: number): void {
    if (trace.rooted === ROOTED.atEdge) return;
    const isEdge = kind === SERVER && this.#writing.edges.has(origin.service);
    if (!isEdge && (!isFirst || trace.rooted !== ROOTED.not)) return;
    trace.moveTo(trace.part.root(origin.service));
    trace.rooted = isEdge ? ROOTED.atEdge : ROOTED.byRoot;
  }

  #countLate(trace: Trace): void {
    const { tally, nowMs, evicted } = this.#writing;
    const isNew = trace.spans === 0 && trace.logs === 0 && !trace.hasEarlier;
    if (isNew && evicted.has(trace.hash)) tally.tooLate++;
    if (trace.lastMs > 0 && nowMs - trace.lastMs >= LATE_AFTER_MS) tally.late++;
  }
}

/** Enters a trace under a hash, once. */
export function enter(open: OpenPart, trace: Trace, hash: number): void {
  const { entries } = trace;
  if (entries.length < MOST_COMPARED) {
    if (entries.includes(hash)) return;
    entries.push(hash);
  }
  open.entry(hash, trace.place);
}

/** Unix nanoseconds, rounded to a double (256 ns); 0 for a time that is not set. */
export const timeAt = (body: Buffer, at: number): number =>
  at < 0 ? 0 : body.readUInt32LE(at + 4) * TWO_32 + body.readUInt32LE(at);
