/**
 * Where spans and log records come from: a resource and a scope. A process sends the same few with every request, so
 * each is kept once, decoded once, and let go with the last bundle that names it.
 */
import { decodeOrigin, type OriginWords } from "../otlp/decode.ts";
import type { RawItem, RawScope } from "../otlp/read.ts";

export interface Origin {
  /** Encoded, copied out of the request. */
  readonly resource: Buffer;
  readonly scope: Buffer;
  readonly resourceSchemaUrl: string;
  readonly scopeSchemaUrl: string;
  readonly words: OriginWords;
  /** What it takes in the store. */
  readonly bytes: number;
}

/** The objects, strings and map entry around an origin's bytes; measured, rounded up. */
const ORIGIN_OVERHEAD = 1024;

interface Counted {
  readonly origin: Origin;
  readonly key: string;
  holders: number;
}

export class Origins {
  readonly #byKey = new Map<string, Counted>();
  readonly #counted = new Map<Origin, Counted>();

  /** The origin of a scope, made if it is new. Whoever calls must hold it, or nothing will let it go. */
  intern(scope: RawScope<RawItem>): Origin {
    const key = [
      scope.resource.toString("latin1"),
      scope.scope.toString("latin1"),
      scope.resourceSchemaUrl,
      scope.scopeSchemaUrl,
    ].join("\0\0");
    const known = this.#byKey.get(key);
    if (known) return known.origin;
    const origin = copyOf(scope);
    const counted = { origin, key, holders: 0 };
    this.#byKey.set(key, counted);
    this.#counted.set(origin, counted);
    return origin;
  }

  /** Counts one more holder. Returns the bytes that the store has grown by: 0 unless this is the first. */
  hold(origin: Origin): number {
    const counted = this.#counted.get(origin);
    if (!counted) return 0;
    counted.holders++;
    return counted.holders === 1 ? origin.bytes : 0;
  }

  /** Counts one holder less and forgets the origin with the last. Returns the bytes that became free. */
  release(origin: Origin): number {
    const counted = this.#counted.get(origin);
    if (!counted || --counted.holders > 0) return 0;
    this.#byKey.delete(counted.key);
    this.#counted.delete(origin);
    return origin.bytes;
  }

  get size(): number {
    return this.#byKey.size;
  }
}

function copyOf(scope: RawScope<RawItem>): Origin {
  const resource = Buffer.from(scope.resource);
  const scopeBytes = Buffer.from(scope.scope);
  const { resourceSchemaUrl, scopeSchemaUrl } = scope;
  const words = decodeOrigin(resource, scopeBytes);
  const bytes = ORIGIN_OVERHEAD + 3 * (resource.length + scopeBytes.length);
  return { resource, scope: scopeBytes, resourceSchemaUrl, scopeSchemaUrl, words, bytes };
}
