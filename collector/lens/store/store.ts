/**
 * What lens remembers: spans and log records in memory, bounded in bytes, indexed by what it is asked for.
 *
 * What arrives stays in the requests that brought it (young.ts) for the last few megabytes; then it is written to
 * compressed blocks (blocks.ts), the traces of one journey side by side. Tables of numbers outside the JavaScript heap
 * (trace-table.ts, postings.ts) lead to it, so that the garbage collector has little to look at however much is stored.
 *
 * The bound covers the items and what keeps them findable, so that it is a bound of memory and not of payload. It may
 * be passed by one request before the oldest goes.
 */
import { hashEntry } from "../otlp/attributes.ts";
import { hashed } from "../otlp/hash.ts";
import type { RawItem, RawScope, RawSpan } from "../otlp/read.ts";
import type { Block } from "./block.ts";
import { Evicted } from "./evicted.ts";
import { Graduation, MAX_CHAIN } from "./graduation.ts";
import type { Operation } from "./operations.ts";
import type { Origin } from "./origins.ts";
import { NONE } from "./rows.ts";
import { isRoot, type SettlingOptions } from "./settling.ts";
import { StoredTrace } from "./stored-trace.ts";
import { Tables } from "./tables.ts";
import type { Arrival } from "./young.ts";

/** What became of a request's items. */
export interface Added {
  readonly stored: number;
  /** Spans that were there already, by trace and span id: the first one stays. */
  readonly duplicates: number;
  /** Spans of a journey that had been quiet for a while, and of one that was evicted. */
  readonly late: number;
  readonly tooLate: number;
}

/** What went of a journey that began at `service`. */
export interface Eviction {
  readonly service: string;
  readonly spans: number;
  readonly logs: number;
}

export interface StoreOptions extends SettlingOptions {
  /** Told of every journey that is evicted. */
  readonly onEvict: (eviction: Eviction) => void;
}

const MAX_YOUNG_BYTES = 8 * 1024 * 1024;
const MAX_BLOCK_BYTES = 64 * 1024;
/** A journey that nothing came for in this time was over, as far as anybody who looked at it could tell. */
const LATE_AFTER_S = 10;

type Counts = { -readonly [Name in keyof Added]: number };

export class Store {
  readonly limitBytes: number;
  readonly #options: StoreOptions;
  readonly #maxYoungBytes: number;
  readonly #tables: Tables;
  readonly #graduation: Graduation;
  readonly #evicted = new Evicted();

  /** `limitBytes`: the bound. Without options nothing is the public edge, and one consumer is enough for a message. */
  constructor(limitBytes: number, options: Partial<StoreOptions> = {}) {
    this.limitBytes = limitBytes;
    this.#options = { edges: new Set(), consumers: new Map(), onEvict: () => {}, ...options };
    this.#maxYoungBytes = Math.min(MAX_YOUNG_BYTES, limitBytes / 8);
    this.#tables = new Tables(Math.min(MAX_BLOCK_BYTES, limitBytes / 64));
    this.#graduation = new Graduation(this.#tables, this.#options);
  }

  /** Stores the spans of a request that has been read to its end. */
  addSpans(scopes: readonly RawScope<RawSpan>[]): Added {
    const { traces, operations } = this.#tables;
    return this.#add(scopes, (item, origin, buffer, counts) => {
      let trace = traces.find(buffer, item.traceAt);
      if (trace !== NONE && this.#tables.hasSpan(trace, item.idHigh, item.idLow)) {
        counts.duplicates++;
        return null;
      }
      trace = this.#noteArrival(trace, buffer, item.traceAt, counts);
      const { nameStart, nameEnd, kind } = item;
      const operation = operations.hold(origin.words.service, kind, buffer, nameStart, nameEnd);
      return { item, buffer, origin, operation, trace, done: false };
    });
  }

  /** Stores the log records of a request: with their trace, or in a row of their own when they have none. */
  addLogs(scopes: readonly RawScope<RawItem>[]): Added {
    const { traces } = this.#tables;
    let loose = NONE;
    return this.#add(scopes, (item, origin, buffer) => {
      const isLoose = item.traceAt < 0;
      let trace = isLoose ? loose : traces.find(buffer, item.traceAt);
      if (trace === NONE) trace = traces.add(buffer, item.traceAt);
      if (isLoose) loose = trace;
      return { item, buffer, origin, operation: null, trace, done: false };
    });
  }

  /** Bytes in use, by the same count as `limitBytes`. */
  get bytes(): number {
    return this.#tables.bytes;
  }

  /** A trace, by lower-case hex id. */
  trace(traceId: string): StoredTrace | undefined {
    if (!/^[0-9a-f]{32}$/.test(traceId)) return undefined;
    const row = this.#tables.traces.find(Buffer.from(traceId, "hex"), 0);
    return row === NONE ? undefined : new StoredTrace(this.#tables, row);
  }

  /** Traces of which a span or log record carries this value in an indexed attribute; the last that came first. */
  *withAttribute(name: string, value: string): Generator<StoredTrace> {
    hashEntry(name, value);
    for (const row of this.#tables.withEntry(hashed.high, hashed.low))
      yield new StoredTrace(this.#tables, row);
  }

  /** Traces of which a span links into this trace. */
  *linkedTo(traceId: string): Generator<StoredTrace> {
    const rows = this.#tables.linkedTo(Buffer.from(traceId.padStart(32, "0"), "hex"));
    for (const row of rows) yield new StoredTrace(this.#tables, row);
  }

  /**
   * All traces, the one that arrived last first; with `before` only those that arrived before the one with this number.
   * Whoever pauses in between asks anew, with the number of the last.
   */
  *newestFirst(before?: number): Generator<StoredTrace> {
    for (const row of this.#tables.traces.newestFirst(before)) yield new StoredTrace(this.#tables, row);
  }

  /** The content of a block, to be looked through. */
  contentOf(block: Block): Buffer {
    return this.#tables.blocks.read(block);
  }

  /** Names of the services that the store has spans of, sorted. */
  services(): string[] {
    return this.#tables.operations.services();
  }

  /** The operations of a service. */
  operations(service: string): Iterable<Operation> {
    return this.#tables.operations.of(service);
  }

  /** How many keys each index has: all 0 in an empty store. */
  indexSizes(): ReturnType<Tables["sizes"]> {
    return this.#tables.sizes();
  }

  /** `enter` says what arrives with an item; null when it is not to be stored. */
  #add<Item extends RawItem>(
    scopes: readonly RawScope<Item>[],
    enter: (item: Item, origin: Origin, buffer: Buffer, counts: Counts) => Arrival | null,
  ): Added {
    const { origins, young } = this.#tables;
    const counts: Counts = { stored: 0, duplicates: 0, late: 0, tooLate: 0 };
    for (const scope of scopes) {
      if (scope.items.length === 0) continue;
      const origin = origins.hold(scope);
      const arrivals: Arrival[] = [];
      for (const item of scope.items) {
        const arrival = enter(item, origin, scope.buffer, counts);
        if (!arrival) continue;
        origins.holdAgain(origin);
        this.#tables.index(arrival);
        this.#noteService(arrival);
        arrivals.push(arrival);
      }
      young.keep(scope.buffer, arrivals);
      counts.stored += arrivals.length;
      origins.release(origin);
    }
    this.#makeRoom();
    return counts;
  }

  /** The row of the trace that a span arrives for, which is not a duplicate. */
  #noteArrival(known: number, buffer: Buffer, at: number, counts: Counts): number {
    const { traces } = this.#tables;
    const nowS = Math.floor(performance.now() / 1000);
    const trace = known === NONE ? traces.add(buffer, at) : known;
    if (known === NONE && this.#evicted.has(buffer, at)) counts.tooLate++;
    const lastS = traces.rows.get("lastS", trace);
    if (lastS !== NONE && nowS - lastS >= LATE_AFTER_S) counts.late++;
    traces.rows.set("lastS", trace, nowS);
    return trace;
  }

  /**
   * A journey counts for the service of its first root; until that is there, for the service of whatever came first.
   */
  #noteService(arrival: Arrival): void {
    const { traces, services } = this.#tables;
    const { rows } = traces;
    const { trace } = arrival;
    if (rows.get("rooted", trace) === 1) return;
    const rooted = isRoot(arrival, this.#options.edges);
    const before = rows.get("service", trace);
    if (before !== NONE && !rooted) return;
    rows.set("service", trace, services.hold(arrival.origin.words.service));
    services.release(before);
    if (rooted) rows.set("rooted", trace, 1);
  }

  #makeRoom(): void {
    const { young, blocks } = this.#tables;
    this.#graduation.until(() => young.bytes <= this.#maxYoungBytes);
    while (this.bytes > this.limitBytes) {
      const victim = blocks.victim();
      if (victim) for (const row of blocks.tracesIn(victim)) this.#evict(row);
      else if (!this.#graduation.until(() => blocks.victim() !== undefined)) break;
    }
  }

  /**
   * Evicts a trace and the traces that grew from it by links, so that a journey does not linger with its beginning
   * gone.
   */
  #evict(first: number): void {
    const { traces, services } = this.#tables;
    const { rows } = traces;
    if (rows.get("spans", first) === NONE) return;
    const service = services.of(rows.get("service", first));
    const journey = new Set([first]);
    for (const row of journey) {
      if (!traces.hasId(row)) continue;
      for (const linker of this.#tables.linkedTo(traces.id(row))) {
        if (rows.get("into", linker) !== row) continue;
        if (journey.size < MAX_CHAIN) journey.add(linker);
        else rows.set("into", linker, NONE);
      }
    }
    let [spans, logs] = [0, 0];
    for (const row of journey) {
      if (traces.hasId(row)) this.#evicted.add(traces.id(row));
      const went = this.#tables.remove(row);
      spans += went.spans;
      logs += went.logs;
    }
    this.#options.onEvict({ service, spans, logs });
  }
}
