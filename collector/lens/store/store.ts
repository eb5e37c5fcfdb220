/**
 * What lens remembers: spans and log records in memory, bounded in bytes, indexed by what it is asked for.
 *
 * The bound covers the encoded items and what keeps them findable (tables, index entries), so that it is a bound of
 * memory and not of payload. It may be passed by one request before the oldest goes.
 */
import { indexEntry } from "../otlp/attributes.ts";
import type { RawItem, RawScope, RawSpan } from "../otlp/read.ts";
import { type Arrival, BUNDLE_OVERHEAD, Bundle } from "./bundle.ts";
import { victims } from "./eviction.ts";
import { type Operation, Operations } from "./operations.ts";
import { type Origin, Origins } from "./origins.ts";
import { Postings } from "./postings.ts";

/** What became of a request's items. */
export interface Added {
  readonly stored: number;
  /** Spans that were there already, by trace and span id. */
  readonly duplicates: number;
}

/** Called with what an eviction took. */
export type OnEvict = (spans: number, logs: number) => void;

export class Store {
  readonly limitBytes: number;
  readonly #onEvict: OnEvict;
  readonly #traces = new Map<string, Bundle>();
  readonly #origins = new Origins();
  readonly #operations = new Operations();
  readonly #entries = new Postings();
  readonly #links = new Postings();
  #oldest: Bundle | null = null;
  #newest: Bundle | null = null;
  #bytes = 0;

  /** `limitBytes`: the bound; `onEvict`: told of every eviction. */
  constructor(limitBytes: number, onEvict: OnEvict = () => {}) {
    this.limitBytes = limitBytes;
    this.#onEvict = onEvict;
  }

  /** Stores the spans of a request that has been read to its end, so that it is stored whole or not at all. */
  addSpans(scopes: readonly RawScope<RawSpan>[]): Added {
    let duplicates = 0;
    const stored = this.#add(scopes, "spans", (item, origin) => {
      const bundle = this.#bundleOf(item.traceId);
      if (this.#indexSpan(bundle, item, origin)) return bundle;
      duplicates++;
      return null;
    });
    return { stored, duplicates };
  }

  /** Stores the log records of a request: with their trace, or in a bundle of their own when they have none. */
  addLogs(scopes: readonly RawScope<RawItem>[]): Added {
    let loose: Bundle | null = null;
    const looseBundle = (): Bundle => {
      loose ??= this.#newBundle("");
      return loose;
    };
    const stored = this.#add(scopes, "logs", (item) => {
      const bundle = item.traceId === "" ? looseBundle() : this.#bundleOf(item.traceId);
      this.#indexEntries(bundle, item);
      return bundle;
    });
    return { stored, duplicates: 0 };
  }

  /** Bytes in use, by the same count as `limitBytes`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The bundle of a trace, by lower-case hex id. */
  trace(traceId: string): Bundle | undefined {
    return this.#traces.get(traceId);
  }

  /** Bundles of which a span or log record carries this value in an indexed attribute; oldest first. */
  withAttribute(name: string, value: string): Iterable<Bundle> {
    return this.#entries.get(indexEntry(name, value));
  }

  /** Bundles of which a span links into this trace. */
  linkedTo(traceId: string): Iterable<Bundle> {
    return this.#links.get(traceId);
  }

  /** All bundles, the one that arrived last first. */
  *newestFirst(): Generator<Bundle> {
    for (let bundle = this.#newest; bundle; bundle = bundle.older) yield bundle;
  }

  /** Names of the services that the store has spans of, sorted. */
  services(): string[] {
    return this.#operations.services();
  }

  /** The operations of a service. */
  operations(service: string): Iterable<Operation> {
    return this.#operations.of(service);
  }

  /** How many keys each index has: all 0 in an empty store, or one of them leaks. */
  indexSizes(): Readonly<Record<"traces" | "origins" | "services" | "entries" | "links", number>> {
    return {
      traces: this.#traces.size,
      origins: this.#origins.size,
      services: this.#operations.services().length,
      entries: this.#entries.size,
      links: this.#links.size,
    };
  }

  /** `enter` puts an item into the indexes and says where it goes; null when it is not to be stored. */
  #add<Item extends RawItem>(
    scopes: readonly RawScope<Item>[],
    part: "spans" | "logs",
    enter: (item: Item, origin: Origin) => Bundle | null,
  ): number {
    const arrivals = new Map<Bundle, Arrival[]>();
    const origins: Origin[] = [];
    for (const scope of scopes) {
      if (scope.items.length === 0) continue;
      const origin = this.#origins.intern(scope);
      // Held until the end of the request: if all its spans are duplicates, it goes again.
      this.#bytes += this.#origins.hold(origin);
      origins.push(origin);
      for (const item of scope.items) {
        const bundle = enter(item, origin);
        if (bundle) push(arrivals, bundle, { item, buffer: scope.buffer, origin });
      }
    }
    let stored = 0;
    for (const [bundle, list] of arrivals) {
      stored += list.length;
      this.#grow(
        bundle,
        bundle[part].append(list, (origin) => this.#placeOf(bundle, origin)),
      );
    }
    for (const origin of origins) this.#bytes -= this.#origins.release(origin);
    this.#evict();
    return stored;
  }

  #bundleOf(traceId: string): Bundle {
    const known = this.#traces.get(traceId);
    if (known) return known;
    const bundle = this.#newBundle(traceId);
    this.#traces.set(traceId, bundle);
    return bundle;
  }

  #newBundle(traceId: string): Bundle {
    const bundle = new Bundle(traceId);
    bundle.older = this.#newest;
    if (this.#newest) this.#newest.newer = bundle;
    else this.#oldest = bundle;
    this.#newest = bundle;
    this.#bytes += BUNDLE_OVERHEAD;
    return bundle;
  }

  /** Enters a span in the indexes. False when the trace already has it. */
  #indexSpan(bundle: Bundle, span: RawSpan, origin: Origin): boolean {
    const tableBytes = bundle.spanIds.bytes;
    if (!bundle.spanIds.add(span.idHigh, span.idLow)) return false;
    this.#grow(bundle, bundle.spanIds.bytes - tableBytes);
    this.#indexEntries(bundle, span);
    for (const target of span.linkedTraces) {
      if (bundle.linkedTraces.has(target)) continue;
      bundle.linkedTraces.add(target);
      this.#grow(bundle, this.#links.add(target, bundle));
    }
    const operation = this.#operations.intern(origin.words.service, span.name, span.kind);
    if (!bundle.operations.has(operation)) {
      bundle.operations.add(operation);
      this.#bytes += this.#operations.hold(operation);
    }
    bundle.firstStartNs = Math.min(bundle.firstStartNs, span.roughStartNs);
    bundle.lastStartNs = Math.max(bundle.lastStartNs, span.roughStartNs);
    return true;
  }

  #indexEntries(bundle: Bundle, item: RawItem): void {
    for (const entry of item.entries) {
      if (bundle.entries.has(entry)) continue;
      bundle.entries.add(entry);
      this.#grow(bundle, this.#entries.add(entry, bundle));
    }
  }

  /** The origin's place in the bundle's list, which it joins if it is not there. */
  #placeOf(bundle: Bundle, origin: Origin): number {
    const known = bundle.origins.get(origin);
    if (known !== undefined) return known;
    const place = bundle.origins.size;
    bundle.origins.set(origin, place);
    this.#bytes += this.#origins.hold(origin);
    return place;
  }

  #grow(bundle: Bundle, bytes: number): void {
    bundle.bytes += bytes;
    this.#bytes += bytes;
  }

  #evict(): void {
    while (this.#bytes > this.limitBytes && this.#oldest) {
      for (const bundle of victims(this.#oldest, (traceId) => this.linkedTo(traceId))) this.#remove(bundle);
    }
  }

  #remove(bundle: Bundle): void {
    if (bundle.traceId !== "") this.#traces.delete(bundle.traceId);
    for (const entry of bundle.entries) this.#entries.remove(entry, bundle);
    for (const target of bundle.linkedTraces) this.#links.remove(target, bundle);
    for (const operation of bundle.operations) this.#bytes -= this.#operations.release(operation);
    for (const origin of bundle.origins.keys()) this.#bytes -= this.#origins.release(origin);
    if (bundle.older) bundle.older.newer = bundle.newer;
    else this.#oldest = bundle.newer;
    if (bundle.newer) bundle.newer.older = bundle.older;
    else this.#newest = bundle.older;
    this.#bytes -= bundle.bytes;
    this.#onEvict(bundle.spans.count, bundle.logs.count);
  }
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
