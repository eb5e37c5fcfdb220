/**
 * Where spans and log records come from: a resource and a scope. A process sends the same few with every request, so
 * each is kept once, decoded once, and let go with the last that names it.
 */
import { decodeOrigin, type OriginWords } from "../otlp/decode.ts";
import type { RawItem, RawScope } from "../otlp/read.ts";

export interface Origin {
  /** Its number while it is held: how stored items name it. */
  readonly place: number;
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

interface Held extends Origin {
  readonly key: string;
  holders: number;
}

export class Origins {
  readonly #byKey = new Map<string, Held>();
  readonly #byPlace: (Held | undefined)[] = [];
  readonly #free: number[] = [];
  #bytes = 0;

  /** What all of them take. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** The origin of a scope, made if it is new, with one more holder. */
  hold(scope: RawScope<RawItem>): Origin {
    const key = [
      scope.resource.toString("latin1"),
      scope.scope.toString("latin1"),
      scope.resourceSchemaUrl,
      scope.scopeSchemaUrl,
    ].join("\0\0");
    let origin = this.#byKey.get(key);
    if (!origin) {
      origin = copyOf(scope, key, this.#free.pop() ?? this.#byPlace.length);
      this.#byKey.set(key, origin);
      this.#byPlace[origin.place] = origin;
      this.#bytes += origin.bytes;
    }
    origin.holders++;
    return origin;
  }

  /** Counts one more holder of an origin that somebody holds. */
  holdAgain(origin: Origin): void {
    (origin as Held).holders++;
  }

  /** Counts one holder less and forgets the origin with the last. */
  release(origin: Origin): void {
    const held = origin as Held;
    if (--held.holders > 0) return;
    this.#byKey.delete(held.key);
    this.#byPlace[held.place] = undefined;
    this.#free.push(held.place);
    this.#bytes -= held.bytes;
  }

  /** The origin at a place; undefined when nobody holds it any more. */
  at(place: number): Origin | undefined {
    return this.#byPlace[place];
  }
}

function copyOf(scope: RawScope<RawItem>, key: string, place: number): Held {
  const resource = Buffer.from(scope.resource);
  const scopeBytes = Buffer.from(scope.scope);
  const { resourceSchemaUrl, scopeSchemaUrl } = scope;
  const words = decodeOrigin(resource, scopeBytes);
  const bytes = ORIGIN_OVERHEAD + 3 * (resource.length + scopeBytes.length);
  return {
    place,
    resource,
    scope: scopeBytes,
    resourceSchemaUrl,
    scopeSchemaUrl,
    words,
    bytes,
    key,
    holders: 0,
  };
}
