/**
 * Reads the store while another thread writes to it. Each question is answered from one state of the database, and is
 * short: what is long is asked for page by page, with others in between, and finds at each page what is there by then.
 */
import type { Attributes } from "../../journey/model.ts";
import { Hasher } from "../../otlp/hasher.ts";
import type { Json } from "../../otlp/json/out.ts";
import { hashOfEntry } from "../../otlp/read/index-keys.ts";
import { LOGS_SALT, SERVICE_SALT } from "../layout.ts";
import type { TraceRow } from "../row-types.ts";
import type { Database } from "../sqlite.ts";
import { Contents } from "./contents.ts";
import { Items, type Stored } from "./items.ts";
import { Logs, type LogsPage, type LogsPlace } from "./logs.ts";
import { type Metric, Metrics } from "./metrics.ts";
import { ReadParts } from "./parts.ts";
import { StoredTrace, type TraceSource } from "./stored-trace.ts";
import { Traces, type Which } from "./traces.ts";
import { type Operation, Words } from "./words.ts";

/** A metric and its series; their points are read when they are asked for. */
export interface MetricPoints {
  readonly metric: Metric;
  readonly series: readonly { readonly attributes: Attributes; readonly points: () => Json[] }[];
}

/** Traces in a page. */
const PAGE = 64;

export class StoreReader {
  readonly #database: Database;
  readonly #hasher: Hasher;
  readonly #parts: ReadParts;
  readonly #traces: Traces;
  readonly #items: Items;
  readonly #logs: Logs;
  readonly #metrics: Metrics;
  readonly #words: Words;
  readonly #source: TraceSource;
  #depth = 0;

  /** `database`: open for reading. */
  constructor(database: Database) {
    this.#database = database;
    const seed = database.prepare("SELECT value FROM meta WHERE name = 'seed'").get()?.value;
    if (!(seed instanceof Uint8Array)) throw new Error("the store has no seed");
    this.#hasher = new Hasher(seed);
    this.#parts = new ReadParts(database);
    this.#words = new Words(database);
    this.#traces = new Traces(database, this.#parts, this.#hasher);
    this.#metrics = new Metrics(database);
    const contents = new Contents(database);
    this.#items = new Items(database, this.#words, contents);
    this.#logs = new Logs(database, this.#parts, this.#words, contents);
    this.#source = {
      rowsOf: (id) => this.#read(() => this.#traces.byId(id)),
      page: (rows, logs, at) => this.#read(() => this.#items.page(rows, logs, at)),
    };
  }

  /** A trace, by lower-case hex id. */
  trace(traceId: string): StoredTrace | undefined {
    if (!/^[0-9a-f]{32}$/.test(traceId)) return undefined;
    const rows = this.#source.rowsOf(Buffer.from(traceId, "hex"));
    return rows.length > 0 ? new StoredTrace(rows, this.#source) : undefined;
  }

  /**
   * All traces, the one that arrived last first; with `before` only those that arrived before the one with this number.
   */
  newestFirst(before?: number): Generator<StoredTrace> {
    return this.#all({ by: "nothing" }, before);
  }

  /**
   * Traces of which a span, its resource or a log record may carry this value in an indexed attribute; the newest
   * first.
   */
  withAttribute(name: string, value: string, before?: number): Generator<StoredTrace> {
    return this.#all({ by: "trace", hash: hashOfEntry(this.#hasher, name, value) }, before);
  }

  /** Traces of which a span links into this trace, other than the trace itself; the newest first. */
  linkedTo(traceId: string, before?: number): Generator<StoredTrace> {
    const hash = this.#traces.linkHash(Buffer.from(traceId.padStart(32, "0"), "hex"));
    return this.#all({ by: "trace", hash }, before);
  }

  /** Traces that may have a span of this operation; the newest first. */
  withOperation({ service, name, kind }: Operation, before?: number): Generator<StoredTrace> {
    const bytes = Buffer.from(name);
    const named = this.#hasher.text(bytes, 0, bytes.length, kind);
    const hash = this.#hasher.both(this.#serviceHash(service), named);
    return this.#all({ by: "bucket", hash }, before);
  }

  /** Traces that may have a span of this service; the newest first. */
  withService(service: string, before?: number): Generator<StoredTrace> {
    return this.#all({ by: "bucket", hash: this.#serviceHash(service) }, before);
  }

  /** The log records of a service, the last that arrived first. */
  *logsOf(service: string): Generator<Stored> {
    const bytes = Buffer.from(service);
    const hash = this.#hasher.text(bytes, 0, bytes.length, LOGS_SALT);
    const pageAt = (at: LogsPlace): LogsPage => this.#read(() => this.#logs.page(hash, service, at));
    for (let at = this.#read(() => this.#logs.first()); at; ) {
      const page = pageAt(at);
      yield* page.items;
      at = page.next;
    }
  }

  /** Names of the services that the store has spans of, sorted. */
  services(): string[] {
    const names = new Set<string>();
    for (const { service } of this.#operations()) names.add(service);
    return [...names].sort();
  }

  /** The operations of a service, each once. */
  operations(service: string): Operation[] {
    const found = new Map<string, Operation>();
    for (const operation of this.#operations())
      if (operation.service === service) found.set(`${operation.kind} ${operation.name}`, operation);
    return [...found.values()];
  }

  /**
   * What the metrics of a service and a name say; empty for any. At most `limit` metrics, series of each, and points of
   * each.
   */
  metrics(service: string, name: string, limit: number): MetricPoints[] {
    return this.#read(() =>
      this.#metrics.metrics(service, name, limit).map((metric) => ({
        metric,
        series: this.#metrics.series(metric.id, limit).map(({ id, attributes }) => ({
          attributes,
          points: () => this.#read(() => this.#metrics.points(metric, id, limit)),
        })),
      })),
    );
  }

  close(): void {
    this.#database.close();
  }

  #operations(): Operation[] {
    return this.#read(() => this.#parts.all.flatMap(({ id }) => this.#words.operations(id)));
  }

  #serviceHash(service: string): number {
    const bytes = Buffer.from(service);
    return this.#hasher.text(bytes, 0, bytes.length, SERVICE_SALT);
  }

  *#all(which: Which, before = Number.MAX_SAFE_INTEGER): Generator<StoredTrace> {
    for (let end = before; ; ) {
      const rows = this.#read(() => this.#traces.page(which, end, PAGE));
      for (const row of rows) {
        yield this.#storedAt(row);
        end = Math.min(end, row[1]);
      }
      if (rows.length === 0) return;
    }
  }

  /** The whole trace that is listed by this row. */
  #storedAt(row: TraceRow): StoredTrace {
    const rows = row[5] === 0 ? [row] : this.#source.rowsOf(Buffer.from(row[2]));
    return new StoredTrace(rows.length > 0 ? rows : [row], this.#source, row[1]);
  }

  /** One answer from one state of the database. */
  #read<T>(look: () => T): T {
    if (this.#depth > 0) return look();
    this.#database.exec("BEGIN");
    this.#depth++;
    try {
      this.#parts.refresh();
      return look();
    } finally {
      this.#depth--;
      this.#database.exec("COMMIT");
    }
  }
}
