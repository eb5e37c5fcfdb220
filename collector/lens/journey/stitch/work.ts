/**
 * What one question about journeys may cost, and its work in small pieces. What is long is a generator that yields
 * after each piece: whoever drives it decides whether others have their turn in between, and when it has had enough.
 */
import type { AttributeValue, Bound, Span } from "../model.ts";

/** The bounds of one question. What was asked for itself is read first, so that it is never what is left out. */
export interface Bounds {
  /** Spans that are held, and so shown, at most. */
  readonly spans: number;
  /** And what they weigh, about. */
  readonly bytes: number;
  /** Spans read, links looked at, and traces looked for. */
  readonly steps: number;
  /** Traces that the way back to the root may lead through. */
  readonly hops: number;
}

export const BOUNDS: Bounds = { spans: 20_000, bytes: 32 * 1024 * 1024, steps: 400_000, hops: 2_000 };

/** Steps between two yields. A pass over all that is held counts as one piece. */
export const STEPS_A_PIECE = 256;

/** Links of one span that are followed; the others are counted as left out. */
export const MOST_LINKS = 1_024;

export class Work {
  readonly bounds: Bounds;
  /** The first bound that was met. From then on nothing more is read; what is held is put together. */
  spent: Bound = "";
  /** Of the steps between two yields, the most: for tests. */
  longestPiece = 0;
  #steps = 0;
  #sinceYield = 0;
  #spans = 0;
  #bytes = 0;

  constructor(bounds: Bounds = BOUNDS) {
    this.bounds = bounds;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Spans that may still be held. */
  get spansLeft(): number {
    return Math.max(0, this.bounds.spans - this.#spans);
  }

  get bytesLeft(): number {
    return Math.max(0, this.bounds.bytes - this.#bytes);
  }

  /** Counts work that was done. */
  step(count = 1): void {
    this.#steps += count;
    this.#sinceYield += count;
    if (this.#steps > this.bounds.steps) this.stop("steps");
  }

  /** Counts spans that are held from now on. */
  hold(spans: number, bytes: number): void {
    this.#spans += spans;
    this.#bytes += bytes;
    if (this.#spans >= this.bounds.spans) this.stop("spans");
    if (this.#bytes >= this.bounds.bytes) this.stop("bytes");
  }

  /** Ends the reading; the first reason stays. */
  stop(bound: Bound): void {
    if (this.spent === "") this.spent = bound;
  }

  /** True when it is time to yield. */
  isDue(steps = STEPS_A_PIECE): boolean {
    if (this.#sinceYield < steps) return false;
    this.longestPiece = Math.max(this.longestPiece, this.#sinceYield);
    this.#sinceYield = 0;
    return true;
  }
}

/** Work that yields after each piece of it. */
export type Pieces<T> = Generator<void, T, void>;

/** Does it all in one go, for tests and for journeys that are known to be small. */
export function finish<T>(pieces: Pieces<T>): T {
  for (;;) {
    const { done, value } = pieces.next();
    if (done) return value;
  }
}

/** What one span takes in memory beside its texts; links and events, too, are objects. */
const SPAN_BYTES = 512;
const PART_BYTES = 160;

/** Bytes of a span in memory, about. Its resource is shared with others of its process. */
export function roughBytes({ name, statusMessage, attributes, events, links }: Span): number {
  let bytes = SPAN_BYTES + name.length + statusMessage.length + attributeBytes(attributes);
  for (const event of events) bytes += PART_BYTES + event.name.length + attributeBytes(event.attributes);
  for (const link of links) bytes += PART_BYTES + attributeBytes(link.attributes);
  return bytes;
}

function attributeBytes(value: AttributeValue, levels = 4): number {
  if (typeof value === "string") return value.length + 16;
  if (typeof value !== "object" || value === null || levels === 0) return 16;
  let bytes = 32;
  for (const held of Object.values(value)) bytes += 24 + attributeBytes(held, levels - 1);
  return bytes;
}
