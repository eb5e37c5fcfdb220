/** The services and their operations (span name and kind) that the store holds, each as long as something has it. */
import { hashBytes, hashed } from "../otlp/hash.ts";
import { isSame } from "../otlp/ids.ts";

export interface Operation {
  readonly service: string;
  readonly name: string;
  /** OTLP's number of the span kind. */
  readonly kind: number;
}

interface Held extends Operation {
  readonly key: number;
  readonly nameBytes: Buffer;
  holders: number;
}

/** The object and its entries in two tables; measured, rounded up. */
const OPERATION_OVERHEAD = 400;

export class Operations {
  /** By service, then by a hash of name and kind. */
  readonly #byService = new Map<string, Map<number, Held[]>>();
  #bytes = 0;

  /** What all of them take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The operation whose name stands in `bytes`, made if it is new, with one more holder. */
  hold(service: string, kind: number, bytes: Buffer, start: number, end: number): Operation {
    let operations = this.#byService.get(service);
    if (!operations) {
      operations = new Map();
      this.#byService.set(service, operations);
    }
    hashBytes(bytes, start, end, kind);
    const alike = operations.get(hashed.low);
    for (const known of alike ?? []) {
      if (known.kind !== kind || known.nameBytes.length !== end - start) continue;
      if (!isSame(known.nameBytes, 0, bytes, start, end - start)) continue;
      known.holders++;
      return known;
    }
    const nameBytes = Buffer.from(bytes.subarray(start, end));
    const made = { service, kind, name: nameBytes.toString(), nameBytes, key: hashed.low, holders: 1 };
    if (alike) alike.push(made);
    else operations.set(made.key, [made]);
    this.#bytes += sizeOf(made);
    return made;
  }

  /** Counts one more holder of an operation that somebody holds. */
  holdAgain(operation: Operation): void {
    (operation as Held).holders++;
  }

  /** Counts one holder less and forgets the operation with the last. */
  release(operation: Operation): void {
    const held = operation as Held;
    if (--held.holders > 0) return;
    this.#bytes -= sizeOf(held);
    const operations = this.#byService.get(held.service);
    const alike = operations?.get(held.key) ?? [];
    alike.splice(alike.indexOf(held), 1);
    if (alike.length === 0) operations?.delete(held.key);
    if (operations?.size === 0) this.#byService.delete(held.service);
  }

  /** Names of the services, sorted. */
  services(): string[] {
    return [...this.#byService.keys()].sort();
  }

  /** The operations of a service; none for a service that is not known. */
  of(service: string): Iterable<Operation> {
    return [...(this.#byService.get(service)?.values() ?? [])].flat();
  }
}

const sizeOf = (operation: Operation): number =>
  OPERATION_OVERHEAD + 3 * (operation.name.length + operation.service.length);
