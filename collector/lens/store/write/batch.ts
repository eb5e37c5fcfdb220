/** A request that was read to its end, as the thread that receives hands it to the one that writes. */
import { RESOURCE, type Reading, SCOPE } from "../../otlp/read/reading.ts";

export interface Batch {
  readonly signal: "traces" | "logs" | "metrics";
  /** The request in protobuf, in memory of its own. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly count: number;
  /** Rows, as the signal's reader makes them; these arrays may be longer than what is in them. */
  readonly items: Int32Array<ArrayBuffer>;
  readonly more: Int32Array<ArrayBuffer>;
  readonly resources: Int32Array<ArrayBuffer>;
  readonly scopes: Int32Array<ArrayBuffer>;
  readonly scopeCount: number;
}

/** `body`: what was read, in memory of its own. */
export function batchOf(signal: Batch["signal"], body: Buffer, reading: Reading): Batch {
  const { items, more, resources, scopes, count } = reading;
  return {
    signal,
    body: ownMemory(body),
    count,
    items: items.list,
    more: more.list,
    resources: resources.list,
    scopes: scopes.list,
    scopeCount: scopes.length / SCOPE.width,
  };
}

/** Node cuts small buffers out of memory that many share: such a one is copied, or all of them would go with it. */
function ownMemory(body: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = body;
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength === length)
    return new Uint8Array(buffer);
  return Uint8Array.from(body);
}

/** What goes with a message to the other thread and is not copied. */
export const transferOf = ({ body, items, more, resources, scopes }: Batch): ArrayBuffer[] => [
  body.buffer,
  items.buffer,
  more.buffer,
  resources.buffer,
  scopes.buffer,
];

/** Gives back at once what a request takes: the garbage collector would let tens of megabytes wait. */
export function free(batch: Batch): void {
  for (const memory of transferOf(batch)) memory.transfer(0);
}

/** The hash in two columns of a row, as a whole number of 53 bits. */
export const hashAt = (row: Int32Array, at: number): number =>
  ((row[at] as number) & 0x1fffff) * 4_294_967_296 + ((row[at + 1] as number) >>> 0);

/** Where the row of a scope begins, and that of its resource. */
export const scopeAt = (scope: number): number => scope * SCOPE.width;
export const resourceAt = (batch: Batch, scope: number): number =>
  (batch.scopes[scopeAt(scope) + SCOPE.resource] as number) * RESOURCE.width;
