/**
 * Writes what arrives, a transaction at a time. All that it knows besides the database can be had from the database
 * again: when a transaction fails that is forgotten, and what was in it is written once more, until it is through.
 */
import type { Counts } from "../../counts.ts";
import type { OpenStore } from "../files.ts";
import { isDiskError } from "../sqlite.ts";
import { type Batch, free } from "./batch.ts";
import { Evicted } from "./evict/evicted.ts";
import { Session } from "./session.ts";
import { prepareAll, type Statements } from "./statements.ts";
import { type Eviction, Tally } from "./tally.ts";

export interface WriterOptions {
  /** Bytes that the database may have in use. */
  readonly limitBytes: number;
  /** What has not been written to for longer goes; ms. */
  readonly maxAgeMs: number;
  /** Names of the indexed attributes. */
  readonly index: readonly string[];
  /** Services whose SERVER spans are the public edge. */
  readonly edges: ReadonlySet<string>;
  readonly counts: Counts;
  /** Told of what went. */
  readonly onEvict?: (evictions: readonly Eviction[]) => void;
  /** Told of a request that cannot be written whatever the disk says: a mistake of ours. */
  readonly onLost?: (batch: Batch, error: unknown) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** A request, and the items of all until then. */
interface Taken {
  readonly batch: Batch;
  readonly total: number;
}

export class StoreWriter {
  readonly #store: OpenStore;
  readonly #options: WriterOptions;
  readonly #sql: Statements;
  readonly #evicted = new Evicted();
  #session: Session;
  /** Requests that are in no transaction that is through. */
  #batches: Taken[] = [];
  #bytes = 0;
  #isOpen = false;
  #total: number;
  #savedTotal: number;
  /** A transaction failed since the session began. */
  #isStale = false;
  /** Why the last transaction failed; null when it did not. */
  #failure: unknown = null;

  constructor(store: OpenStore, options: WriterOptions) {
    this.#store = store;
    this.#options = options;
    this.#sql = prepareAll(store.database);
    this.#session = new Session(store, this.#sql, this.#evicted, options);
    const [total] = (this.#sql.metaAt.get("total") as unknown as [number] | undefined) ?? [0];
    this.#total = this.#savedTotal = total;
    this.#countStored();
  }

  /** Bytes of the requests that are not safe yet. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** Why nothing can be written at the moment; null when it can. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Items of all requests that are safe, by what was said with them. */
  get total(): number {
    return this.#savedTotal;
  }

  /** Takes a request, to be safe with the next `commit`. `total`: of items so far, to be known with it. */
  take(batch: Batch, total = this.#total + batch.count): void {
    this.#total = total;
    this.#batches.push({ batch, total });
    this.#bytes += batch.body.length;
    if (this.#failure === null) this.#attempt(() => this.#write(batch));
  }

  /** Saves all that was taken. False when that fails: call it again later. */
  commit(): boolean {
    if (this.#failure !== null) return this.#again();
    if (!this.#isOpen) return true;
    if (!this.#attempt(() => this.#save(this.#total))) return false;
    this.#count();
    for (const { batch } of this.#batches) free(batch);
    this.#batches = [];
    this.#bytes = 0;
    return true;
  }

  /** Begins to delete what is too old, and goes on with what is being deleted. For when nothing arrives. */
  tend(): boolean {
    if (this.#failure === null && !this.#isOpen) this.#attempt(() => this.#begin());
    return this.commit();
  }

  /** Saves everything, and writes the journal back. */
  close(): void {
    this.commit();
    this.#attempt(() => this.#store.database.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
    this.#store.close();
  }

  #begin(): void {
    if (this.#isStale) this.#session = new Session(this.#store, this.#sql, this.#evicted, this.#options);
    this.#isStale = false;
    const { writing } = this.#session;
    this.#sql.begin.run();
    this.#isOpen = true;
    writing.tally = new Tally();
    writing.nowMs = (this.#options.now ?? Date.now)();
  }

  #write(batch: Batch): void {
    if (!this.#isOpen) this.#begin();
    this.#session.write(batch);
  }

  #save(total: number): void {
    const bytes = this.#session.save();
    this.#sql.meta.run("total", total);
    this.#sql.commit.run();
    this.#savedTotal = total;
    this.#isOpen = false;
    this.#options.counts.set("storeBytes", bytes);
    this.#session.writing.recent.tidy();
  }

  /** Counts what the transaction did. */
  #count(): void {
    const { tally } = this.#session.writing;
    tally.addTo(this.#options.counts);
    if (tally.evictions.length > 0) this.#options.onEvict?.(tally.evictions);
  }

  /** False when it failed: then the transaction is undone, and all that was built on it forgotten. */
  #attempt(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#failure = error;
      this.#undo();
      return false;
    }
  }

  #undo(): void {
    try {
      if (this.#isOpen) this.#sql.rollback.run();
    } catch {
      // SQLite has undone it by itself, as it does when the disk is full.
    }
    this.#isOpen = false;
    this.#isStale = true;
  }

  /**
   * Writes all that is not safe once more, each request by itself, so that one that cannot be written loses no other.
   */
  #again(): boolean {
    const waiting = this.#batches;
    this.#batches = [];
    while (waiting[0]) {
      this.#failure = null;
      const [{ batch, total }] = waiting;
      const isThrough = this.#attempt(() => {
        this.#write(batch);
        this.#save(total);
      });
      if (isThrough) this.#count();
      else {
        if (isDiskError(this.#failure)) {
          this.#batches = waiting;
          return false;
        }
        this.#options.onLost?.(batch, this.#failure);
      }
      this.#bytes -= batch.body.length;
      free(batch);
      waiting.shift();
    }
    this.#failure = null;
    return true;
  }

  /** What an earlier lens stored counts as received and stored: so the counts say what is there. */
  #countStored(): void {
    const { counts } = this.#options;
    for (const part of this.#session.writing.parts.all) {
      if (part.isGone) continue;
      for (const { spans, logs } of part.roots) {
        for (const what of ["received", "stored"] as const) {
          counts.add("traces", what, spans);
          counts.add("logs", what, logs);
        }
      }
    }
    for (const what of ["received", "stored"] as const)
      counts.add("metrics", what, this.#session.metrics.count);
    counts.set("storeBytes", this.#session.evictor.bytes);
  }
}
