/** What is still to be forwarded: bounded in bytes, the oldest first, joined to fewer and larger requests. */
import type { Signal } from "../counts.ts";
import type { Taken } from "../receive/intake.ts";

/** Requests that go on as one. */
export interface Parcel {
  readonly signal: Signal;
  readonly encoding: "protobuf" | "json";
  readonly body: Buffer;
  readonly items: number;
}

const MAX_PARCEL_BYTES = 4 * 1024 * 1024;

export class ForwardQueue {
  readonly #limitBytes: number;
  readonly #waiting: Taken[] = [];
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * False when it does not fit: a backend that is behind loses what is new, and what waits is not thrown away for it.
   */
  offer(taken: Taken): boolean {
    if (this.#bytes + taken.body.length > this.#limitBytes) return false;
    this.#bytes += taken.body.length;
    this.#waiting.push(taken);
    return true;
  }

  /**
   * Takes out the oldest request and those of the same signal right behind it. Protobuf requests are joined by putting
   * one behind the other, since repeated fields of joined messages add up; JSON goes on as it came.
   */
  take(): Parcel | null {
    const first = this.#waiting[0];
    if (!first) return null;
    const { signal, encoding } = first;
    let end = 1;
    let bytes = first.body.length;
    let { items } = first;
    for (let next = this.#waiting[end]; next && encoding === "protobuf"; next = this.#waiting[++end]) {
      if (next.signal !== signal || next.encoding !== encoding) break;
      if (bytes + next.body.length > MAX_PARCEL_BYTES) break;
      bytes += next.body.length;
      items += next.items;
    }
    const bodies = this.#waiting.splice(0, end).map(({ body }) => body);
    this.#bytes -= bytes;
    return { signal, encoding, items, body: Buffer.concat(bodies, bytes) };
  }
}
