/** All that writing builds on what the database holds. After a transaction that failed it is built anew. */
import { Hasher } from "../../otlp/hasher.ts";
import type { OpenStore } from "../files.ts";
import type { Batch } from "./batch.ts";
import type { Evicted } from "./evict/evicted.ts";
import { Evictor } from "./evict/eviction.ts";
import { LogWriter } from "./logs.ts";
import { MetricWriter } from "./metrics.ts";
import { Parts } from "./parts/parts.ts";
import { SpanWriter } from "./spans.ts";
import type { Statements } from "./statements.ts";
import { newWriting, saveTraces, type Writing } from "./writing.ts";

export interface SessionOptions {
  /** Bytes that the database may have in use. */
  readonly limitBytes: number;
  /** What has not been written to for longer goes; ms. */
  readonly maxAgeMs: number;
  /** Names of the indexed attributes. */
  readonly index: readonly string[];
  /** Services whose SERVER spans are the public edge. */
  readonly edges: ReadonlySet<string>;
}

export class Session {
  readonly writing: Writing;
  readonly evictor: Evictor;
  readonly metrics: MetricWriter;
  readonly #spans: SpanWriter;
  readonly #logs: LogWriter;

  constructor({ database, seed }: OpenStore, sql: Statements, evicted: Evicted, options: SessionOptions) {
    const hasher = new Hasher(seed);
    const parts = new Parts(sql, hasher, options);
    this.writing = newWriting({ sql, hasher, parts, edges: options.edges, evicted });
    this.#spans = new SpanWriter(this.writing);
    this.#logs = new LogWriter(this.writing);
    this.metrics = new MetricWriter(database, this.writing, options.limitBytes);
    this.evictor = new Evictor(database, this.writing, options);
  }

  /** Writes a request in the transaction that is under way. */
  write(batch: Batch): void {
    const { parts, tally, nowMs } = this.writing;
    if (batch.signal === "metrics") {
      const stored = this.metrics.write(batch);
      tally.points += stored;
      tally.repeatedPoints += batch.count - stored;
    } else if (batch.signal === "logs") {
      this.#logs.write(parts.current(nowMs), batch);
      tally.logs += batch.count;
    } else {
      const stored = this.#spans.write(parts.current(nowMs), batch);
      tally.spans += stored;
      tally.repeatedSpans += batch.count - stored;
    }
  }

  /** Writes all that was put off, and makes room. Returns the bytes that are in use then. */
  save(): number {
    this.#saveRows();
    this.writing.tally.evictedPoints += this.metrics.makeRoom();
    const bytes = this.evictor.makeRoom();
    this.#saveRows();
    return bytes;
  }

  #saveRows(): void {
    saveTraces(this.writing);
    this.writing.parts.save();
  }
}
