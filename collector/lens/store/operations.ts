/** The services and their operations (span name and kind) that the store holds, each as long as a bundle has it. */

export interface Operation {
  readonly service: string;
  readonly name: string;
  /** OTLP's number of the span kind. */
  readonly kind: number;
}

/** The object and its entries in two tables; measured, rounded up. */
const OPERATION_OVERHEAD = 256;

export class Operations {
  readonly #byService = new Map<string, Map<string, Operation>>();
  readonly #holders = new Map<Operation, number>();

  /** The operation with these words, made if it is new. Whoever calls must hold it, or nothing will let it go. */
  intern(service: string, name: string, kind: number): Operation {
    let operations = this.#byService.get(service);
    if (!operations) {
      operations = new Map();
      this.#byService.set(service, operations);
    }
    const key = keyOf(name, kind);
    let operation = operations.get(key);
    if (!operation) {
      operation = { service, name, kind };
      operations.set(key, operation);
    }
    return operation;
  }

  /** Counts one more holder. Returns the bytes that the store has grown by: 0 unless this is the first. */
  hold(operation: Operation): number {
    const holders = this.#holders.get(operation) ?? 0;
    this.#holders.set(operation, holders + 1);
    return holders === 0 ? sizeOf(operation) : 0;
  }

  /** Counts one holder less and forgets the operation with the last. Returns the bytes that became free. */
  release(operation: Operation): number {
    const holders = this.#holders.get(operation) ?? 0;
    if (holders > 1) {
      this.#holders.set(operation, holders - 1);
      return 0;
    }
    this.#holders.delete(operation);
    const operations = this.#byService.get(operation.service);
    operations?.delete(keyOf(operation.name, operation.kind));
    if (operations?.size === 0) this.#byService.delete(operation.service);
    return sizeOf(operation);
  }

  /** Names of the services, sorted. */
  services(): string[] {
    return [...this.#byService.keys()].sort();
  }

  /** The operations of a service; none for a service that is not known. */
  of(service: string): Iterable<Operation> {
    return this.#byService.get(service)?.values() ?? [];
  }
}

const keyOf = (name: string, kind: number): string => `${kind} ${name}`;
const sizeOf = (operation: Operation): number =>
  OPERATION_OVERHEAD + 2 * (operation.name.length + operation.service.length);
