/**
 * What arrived last, still in the requests that brought it. A trace's spans come in many requests, so that they can be
 * written side by side, and under the service that its journey began at, only some time later.
 */
import type { RawItem, RawSpan } from "../otlp/read.ts";
import type { Operation } from "./operations.ts";
import type { Origin } from "./origins.ts";

/** One span (with its operation) or one log record (without), in the request's buffer. */
export interface Arrival {
  readonly item: RawItem | RawSpan;
  readonly buffer: Buffer;
  readonly origin: Origin;
  readonly operation: Operation | null;
  /** Row of its trace. */
  readonly trace: number;
  /** Written to a block, or evicted. */
  done: boolean;
}

/** The objects of one arrival; measured, rounded up. */
const ARRIVAL_BYTES = 280;

interface Batch {
  readonly buffer: Buffer;
  readonly arrivals: readonly Arrival[];
  readonly bytes: number;
  /** Place of the first that may not be done. */
  first: number;
  /** The batch that came after this one. */
  next: Batch | undefined;
}

/** The item of an arrival that is a span. */
export const spanOf = (arrival: Arrival): RawSpan | null =>
  arrival.operation === null ? null : (arrival.item as RawSpan);

export class Young {
  /** A chain and not an array: a request that is used up must be free at once. */
  #oldest: Batch | undefined;
  #newest: Batch | undefined;
  readonly #byTrace = new Map<number, Arrival[]>();
  #bytes = 0;

  /** What all of it takes, the requests' buffers included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Makes an arrival known to its trace; `keep` then keeps it. */
  note(arrival: Arrival): void {
    const known = this.#byTrace.get(arrival.trace);
    if (known) known.push(arrival);
    else this.#byTrace.set(arrival.trace, [arrival]);
  }

  /** Keeps the arrivals of one buffer. */
  keep(buffer: Buffer, arrivals: readonly Arrival[]): void {
    if (arrivals.length === 0) return;
    const held = this.#newest && isShared(this.#newest.buffer, buffer) ? 0 : heldBy(buffer);
    const bytes = arrivals.length * ARRIVAL_BYTES + held;
    const batch: Batch = { buffer, arrivals, bytes, first: 0, next: undefined };
    if (this.#newest) this.#newest.next = batch;
    else this.#oldest = batch;
    this.#newest = batch;
    this.#bytes += bytes;
  }

  /** The arrivals of a trace that are not done. */
  of(trace: number): readonly Arrival[] {
    return this.#byTrace.get(trace) ?? [];
  }

  /** Marks all arrivals of a trace as done and returns them. */
  take(trace: number): readonly Arrival[] {
    const taken = this.of(trace);
    for (const arrival of taken) arrival.done = true;
    this.#byTrace.delete(trace);
    return taken;
  }

  /** The oldest arrival that is not done; undefined when there is none. Lets go of the requests that are used up. */
  oldest(): Arrival | undefined {
    for (let batch = this.#oldest; batch; batch = batch.next) {
      for (let arrival = batch.arrivals[batch.first]; arrival; arrival = batch.arrivals[batch.first]) {
        if (!arrival.done) return arrival;
        batch.first++;
      }
      this.#bytes -= batch.bytes;
      this.#oldest = batch.next;
      if (!batch.next) this.#newest = undefined;
    }
    return undefined;
  }
}

/** Node cuts small buffers out of a piece of memory that many share. */
const SHARED_BYTES = 64 * 1024;

/** The memory that a view of a request keeps from being freed: all of the request, of which it may be a small part. */
const heldBy = (buffer: Buffer): number =>
  buffer.buffer.byteLength > SHARED_BYTES ? buffer.buffer.byteLength : buffer.length;

/** The scopes of a request stand one behind the other; what they share is counted once. */
const isShared = (a: Buffer, b: Buffer): boolean =>
  a === b || (a.buffer === b.buffer && b.buffer.byteLength > SHARED_BYTES);
