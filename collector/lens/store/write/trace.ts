/** A trace that is being written: what is known of it, so that it need not be asked for again. */
import type { Hasher } from "../../otlp/hasher.ts";
import { PIECE, traceKey } from "../layout.ts";
import type { Part, Root } from "./parts/part.ts";
import { SpanIds } from "./span-ids.ts";

/**
 * What decides which service a trace counts for: nothing yet, its first span, the trace that it links to, the public
 * edge.
 */
export const ROOTED = { not: 0, byRoot: 1, byLink: 2, atEdge: 3 } as const;
/** In `into`: several. */
export const MANY = -1;
/** The end of a chain of items. */
export const NONE = -1;

export class Trace {
  readonly part: Part;
  readonly place: number;
  /** The number of its arrival: later traces have greater ones. */
  readonly seq: number;
  /** Of its id; 0 for log records outside any trace. */
  readonly hash: number;
  readonly id: Buffer;
  /** True when another row holds an earlier piece of it, and a later one. */
  readonly hasEarlier: boolean;
  hasLater = false;
  root: Root;
  rooted: number = ROOTED.not;
  /** True when it holds a span twice: as it began and as it ended. */
  revised = false;
  spans = 0;
  logs = 0;
  segments = 0;
  bytes = 0;
  start = Number.POSITIVE_INFINITY;
  end = Number.NEGATIVE_INFINITY;
  lastMs = 0;
  /** Hash of the only other trace that it links to; 0 for none. */
  into = 0;
  isDirty = false;
  /** The ids of its spans, also of those in other parts. */
  readonly ids: SpanIds;
  /** Hashes of its entries. */
  readonly entries: number[] = [];
  /** The items of the request that is being written: first and last of a chain. */
  first = NONE;
  last = NONE;

  constructor(
    part: Part,
    place: number,
    root: Root,
    about: { seq: number; hash: number; id: Buffer; hasEarlier: boolean; ids: SpanIds },
  ) {
    this.part = part;
    this.place = place;
    this.root = root;
    this.seq = about.seq;
    this.hash = about.hash;
    this.id = about.id;
    this.hasEarlier = about.hasEarlier;
    this.ids = about.ids;
  }

  get key(): number {
    return traceKey(this.part.id, this.place);
  }

  /** As the database has it: bits of PIECE. */
  get pieces(): number {
    return (this.hasEarlier ? PIECE.hasEarlier : 0) | (this.hasLater ? PIECE.hasLater : 0);
  }

  /** True when its id stands in `bytes` at `at`. */
  isAt(bytes: Uint8Array, at: number): boolean {
    const { id } = this;
    for (let i = 0; i < 16; i++) if (id[i] !== bytes[at + i]) return false;
    return true;
  }

  /** The trace counts for another service from now on. */
  moveTo(root: Root): void {
    if (root === this.root) return;
    for (const [of, sign] of [
      [this.root, -1],
      [root, 1],
    ] as const) {
      of.traces += sign * (this.hasEarlier ? 0 : 1);
      of.spans += sign * this.spans;
      of.logs += sign * this.logs;
      of.bytes += sign * this.bytes;
      of.isDirty = true;
    }
    this.root = root;
  }
}

/** The traces that were written last, by the hash of their ids. May forget any of them between two transactions. */
export class RecentTraces {
  readonly #most: number;
  readonly #mostIds: number;
  #young = new Map<number, Trace>();
  #old = new Map<number, Trace>();
  #ids = 0;

  /** `most`: traces, and ids of spans, in each of two generations. */
  constructor(most: number, mostIds: number) {
    this.#most = most;
    this.#mostIds = mostIds;
  }

  /** None of a part that is to go: what is there may be somewhere else by now. */
  find(hash: number, bytes: Uint8Array, at: number): Trace | undefined {
    const young = this.#young.get(hash);
    const trace = young ?? this.#old.get(hash);
    if (!trace?.isAt(bytes, at) || trace.part.isLeaving) return undefined;
    if (!young) this.add(trace);
    return trace;
  }

  add(trace: Trace): void {
    this.#young.set(trace.hash, trace);
    this.#ids += trace.ids.size;
  }

  /** Counts ids that were taken up since. */
  grown(ids: number): void {
    this.#ids += ids;
  }

  /** Forgets the older ones when there are too many: nothing of them may be unsaved. */
  tidy(): void {
    if (this.#young.size < this.#most && this.#ids < this.#mostIds) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#ids = 0;
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#ids = 0;
  }
}

export const newIds = (hasher: Hasher): SpanIds => new SpanIds(hasher);
