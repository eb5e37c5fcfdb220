/**
 * The blocks, by the service that their journeys began at, and which of them goes when the store is full. A part is
 * what a block holds of one trace, without a gap.
 */
import { Block, BlockReader, itemsOf, type Stored } from "./block.ts";
import type { Operations } from "./operations.ts";
import type { Origins } from "./origins.ts";
import { NONE, Rows } from "./rows.ts";
import { type Kind, newShare, type Share, victimOf } from "./share.ts";
import { type Arrival, spanOf } from "./young.ts";

export class Blocks {
  readonly #blockBytes: number;
  readonly #origins: Origins;
  readonly #operations: Operations;
  readonly #parts = new Rows(["trace", "block", "start", "end", "ids", "spans", "logs", "next"]);
  readonly #byPlace: (Block | undefined)[] = [];
  readonly #places = new Map<Block, number>();
  readonly #freePlaces: number[] = [];
  readonly #shares = new Map<string, Share>();
  readonly #reader = new BlockReader();
  #bytes = 0;
  #number = 0;

  /** `blockBytes`: a block is full with this much content. */
  constructor(blockBytes: number, origins: Origins, operations: Operations) {
    this.#blockBytes = blockBytes;
    this.#origins = origins;
    this.#operations = operations;
  }

  /** What the blocks and their parts take. */
  get bytes(): number {
    return this.#bytes + this.#parts.size * this.#parts.rowBytes;
  }

  get count(): number {
    return this.#places.size;
  }

  /**
   * Writes a trace's arrivals under the service that its journey began at. `first`: the trace's first part. Returns its
   * first part from then on.
   */
  write(service: string, settled: boolean, arrivals: readonly Arrival[], first: number): number {
    let part = NONE;
    let block: Block | null = null;
    let newest = first;
    for (const arrival of arrivals) {
      const writing = this.#writing(service, settled);
      if (writing !== block) {
        block = writing;
        part = this.#newPart(block, arrival.trace, newest);
        newest = part;
      }
      this.#append(block, part, arrival);
      if (block.length >= this.#blockBytes) this.#seal(block);
    }
    if (block) this.#count(block);
    return newest;
  }

  /** The items of a trace that lie in blocks, in the order of their arrival. `first`: its first part. */
  *items(first: number, logs: boolean): Generator<Stored> {
    const parts: number[] = [];
    for (let part = first; part !== NONE; part = this.#parts.get("next", part)) parts.push(part);
    for (const part of parts.reverse()) yield* this.#itemsOf(part, logs);
  }

  /** True when a block that holds something of the trace passes. */
  some(first: number, passes: (block: Block) => boolean): boolean {
    for (let part = first; part !== NONE; part = this.#parts.get("next", part)) {
      const block = this.#byPlace[this.#parts.get("block", part)];
      if (block && passes(block)) return true;
    }
    return false;
  }

  read(block: Block): Buffer {
    return this.#reader.read(block);
  }

  /** True when a part of the trace holds the span with this id. */
  hasSpan(first: number, high: number, low: number): boolean {
    for (let part = first; part !== NONE; part = this.#parts.get("next", part)) {
      const block = this.#byPlace[this.#parts.get("block", part)];
      const ids = this.#parts.get("ids", part);
      const end = ids + this.#parts.get("spans", part);
      for (let at = ids; block && at < end; at++) {
        if (block.idHigh(at) === high && block.idLow(at) === low) return true;
      }
    }
    return false;
  }

  /** Calls `use` with each span id in the trace's parts. */
  eachId(first: number, use: (high: number, low: number) => void): void {
    for (let part = first; part !== NONE; part = this.#parts.get("next", part)) {
      const block = this.#byPlace[this.#parts.get("block", part)];
      const ids = this.#parts.get("ids", part);
      for (let at = ids; block && at < ids + this.#parts.get("spans", part); at++)
        use(block.idHigh(at), block.idLow(at));
    }
  }

  /** The traces in a block, each once. */
  tracesIn(block: Block): Set<number> {
    const place = this.#places.get(block);
    const traces = new Set<number>();
    for (const part of block.parts) {
      // A part that went, and whose row was used again, is not this block's any more.
      if (place !== undefined && this.#parts.get("block", part) === place)
        traces.add(this.#parts.get("trace", part));
    }
    return traces;
  }

  /** Takes out all parts of a trace; blocks that hold nothing any more go with them. */
  remove(first: number): void {
    for (let part = first; part !== NONE; ) {
      const next = this.#parts.get("next", part);
      const block = this.#byPlace[this.#parts.get("block", part)];
      const items = this.#parts.get("spans", part) + this.#parts.get("logs", part);
      this.#parts.free(part);
      if (block) {
        block.live -= items;
        if (block.live === 0) this.#drop(block);
      }
      part = next;
    }
  }

  /** The block that goes next when the store is full. */
  victim(): Block | undefined {
    return victimOf(this.#shares.values());
  }

  *#itemsOf(part: number, logs: boolean): Generator<Stored> {
    const block = this.#byPlace[this.#parts.get("block", part)];
    if (!block || this.#parts.get(logs ? "logs" : "spans", part) === 0) return;
    const [start, end] = [this.#parts.get("start", part), this.#parts.get("end", part)];
    for (const item of itemsOf(this.#reader.read(block), start, end)) {
      const origin = this.#origins.at(item.origin);
      if (item.isLog === logs && origin) yield { origin, bytes: item.bytes };
    }
  }

  #writing(service: string, settled: boolean): Block {
    let share = this.#shares.get(service);
    if (!share) {
      share = newShare();
      this.#shares.set(service, share);
    }
    const kind: Kind = settled ? "settled" : "unsettled";
    const writing = share.writing[kind];
    if (writing) return writing;
    const block = new Block(this.#number++, service, settled);
    const place = this.#freePlaces.pop() ?? this.#byPlace.length;
    this.#byPlace[place] = block;
    this.#places.set(block, place);
    share[kind].add(block);
    share.writing[kind] = block;
    return block;
  }

  #newPart(block: Block, trace: number, next: number): number {
    const part = this.#parts.take();
    this.#parts.set("trace", part, trace);
    this.#parts.set("block", part, this.#places.get(block) ?? NONE);
    this.#parts.set("start", part, block.length);
    this.#parts.set("ids", part, block.idCount);
    this.#parts.set("spans", part, 0);
    this.#parts.set("logs", part, 0);
    this.#parts.set("next", part, next);
    (block.parts as number[]).push(part);
    return part;
  }

  #append(block: Block, part: number, arrival: Arrival): void {
    const { item, buffer, origin, operation } = arrival;
    const span = spanOf(arrival);
    block.append(origin.place, span === null, buffer, item.start, item.end);
    if (!block.origins.has(origin)) {
      block.origins.add(origin);
      this.#origins.holdAgain(origin);
    }
    if (operation && !block.operations.has(operation)) {
      block.operations.add(operation);
      this.#operations.holdAgain(operation);
    }
    if (span) {
      block.noteId(span.idHigh, span.idLow);
      block.firstStartNs = Math.min(block.firstStartNs, span.startNs);
      block.lastStartNs = Math.max(block.lastStartNs, span.startNs);
      block.longestNs = Math.max(block.longestNs, span.endNs - span.startNs);
    }
    const column = span ? "spans" : "logs";
    this.#parts.set(column, part, this.#parts.get(column, part) + 1);
    this.#parts.set("end", part, block.length);
  }

  #seal(block: Block): void {
    const share = this.#shares.get(block.service);
    if (!share) return;
    block.seal();
    this.#count(block);
    share.writing[block.settled ? "settled" : "unsettled"] = null;
  }

  #drop(block: Block): void {
    const place = this.#places.get(block);
    const share = this.#shares.get(block.service);
    if (place === undefined || !share) return;
    const kind: Kind = block.settled ? "settled" : "unsettled";
    this.#reader.forget(block);
    this.#places.delete(block);
    this.#byPlace[place] = undefined;
    this.#freePlaces.push(place);
    share[kind].delete(block);
    if (share.writing[kind] === block) share.writing[kind] = null;
    share.bytes -= block.countedBytes;
    this.#bytes -= block.countedBytes;
    for (const origin of block.origins) this.#origins.release(origin);
    for (const operation of block.operations) this.#operations.release(operation);
    if (share.settled.size + share.unsettled.size === 0) this.#shares.delete(block.service);
  }

  /** Adds up what a block has grown or shrunk by; once a trace and not once a span. */
  #count(block: Block): void {
    const { bytes } = block;
    const share = this.#shares.get(block.service);
    if (share) share.bytes += bytes - block.countedBytes;
    this.#bytes += bytes - block.countedBytes;
    block.countedBytes = bytes;
  }
}
