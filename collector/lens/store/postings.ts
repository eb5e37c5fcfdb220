/**
 * An inverted index: a key to the bundles that have it. Nearly every key has one bundle, which then stands
 * in the map by itself; a Set is only made for the second.
 */
import type { Bundle } from "./bundle.ts";

/** A map entry and its share of a Set; measured, rounded up. */
const POSTING_OVERHEAD = 160;

export class Postings {
  readonly #bundles = new Map<string, Bundle | Set<Bundle>>();

  /** Enters a bundle under a key that it is not yet under. Returns the bytes that the index has grown by. */
  add(key: string, bundle: Bundle): number {
    const known = this.#bundles.get(key);
    if (known === undefined) this.#bundles.set(key, bundle);
    else if (known instanceof Set) known.add(bundle);
    else this.#bundles.set(key, new Set([known, bundle]));
    return sizeOf(key);
  }

  /** Takes a bundle out from under a key that it is under. Returns the bytes that became free. */
  remove(key: string, bundle: Bundle): number {
    const known = this.#bundles.get(key);
    if (known instanceof Set) {
      known.delete(bundle);
      if (known.size === 0) this.#bundles.delete(key);
    } else if (known === bundle) this.#bundles.delete(key);
    return sizeOf(key);
  }

  /** The bundles under a key, in the order in which they came. */
  get(key: string): Iterable<Bundle> {
    const known = this.#bundles.get(key);
    if (known === undefined) return [];
    return known instanceof Set ? known : [known];
  }

  get size(): number {
    return this.#bundles.size;
  }
}

const sizeOf = (key: string): number => POSTING_OVERHEAD + key.length;
