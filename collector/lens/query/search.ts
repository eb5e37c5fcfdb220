/**
 * Finds traces by what one of their spans is like: Jaeger's TraceQueryParameters, in which all conditions must hold for
 * the same span.
 *
 * Source: https://github.com/jaegertracing/jaeger-idl, proto/api_v3/query_service.proto
 */
import { setImmediate } from "node:timers/promises";
import type { AttributeValue, Span } from "../journey/model.ts";
import type { Block } from "../store/block.ts";
import type { Operation } from "../store/operations.ts";
import type { Store } from "../store/store.ts";
import type { StoredTrace } from "../store/stored-trace.ts";
import { spansOf } from "./source.ts";
import type { TraceQuery } from "./trace-query.ts";

/** A search for an attribute that is not indexed may read the whole store; telemetry goes on in between. */
const PAUSE_AFTER_MS = 8;
/** What one search may take. What it has not seen by then, the next one can go on with. */
const BUDGET_MS = 1_000;

export interface FoundTraces {
  /** The newest first. */
  readonly traces: readonly StoredTrace[];
  /** The number of the last trace that was looked at, when there may be more; else undefined. */
  readonly next: number | undefined;
  /** True when the time ran out before enough was found. */
  readonly partial: boolean;
}

/**
 * The traces that match, the newest first, at most `query.limit`. `indexed`: names of the indexed attributes. Rejects
 * with the signal's reason when it is aborted.
 */
export async function findTraces(
  store: Store,
  query: TraceQuery,
  indexed: ReadonlySet<string>,
  signal: AbortSignal,
  budgetMs = BUDGET_MS,
): Promise<FoundTraces> {
  const traces: StoredTrace[] = [];
  const mayHold = blockFilter(store, query);
  if (!mayHold) return { traces, next: undefined, partial: false };
  const startedAt = performance.now();
  let pausedAt = startedAt;
  let { before } = query;
  for (let rest = candidates(store, query, indexed, before); ; ) {
    const { done, value: trace } = rest.next();
    if (done) return { traces, next: undefined, partial: false };
    before = trace.number;
    if (trace.mayBeIn(mayHold) && hasMatch(trace, query)) traces.push(trace);
    if (traces.length >= query.limit) return { traces, next: before, partial: false };
    const now = performance.now();
    if (now - startedAt >= budgetMs) return { traces, next: before, partial: true };
    if (now - pausedAt < PAUSE_AFTER_MS) continue;
    await setImmediate(undefined, { signal });
    pausedAt = performance.now();
    // What the old list stood on may have been evicted meanwhile.
    rest = candidates(store, query, indexed, before);
  }
}

/** The traces that can match, the newest first, from the number `before` on. */
function* candidates(
  store: Store,
  query: TraceQuery,
  indexed: ReadonlySet<string>,
  before: number | undefined,
): Generator<StoredTrace, undefined> {
  const entry = [...query.attributes].find(([key]) => indexed.has(key));
  if (!entry) {
    yield* store.newestFirst(before);
    return;
  }
  for (const trace of store.withAttribute(...entry)) {
    if (before === undefined || ((trace.number - before) | 0) < 0) yield trace;
  }
}

/** What can be told of a block without decoding a span, and leaves out most of them. Null when nothing can match. */
function blockFilter(store: Store, query: TraceQuery): ((block: Block) => boolean) | null {
  const operations = wantedOperations(store, query);
  if (operations?.size === 0) return null;
  const known = new Map<Block, boolean>();
  return (block) => {
    const before = known.get(block);
    if (before !== undefined) return before;
    const passes =
      isInTime(block, query) && hasOneOf(block, operations) && mayHaveAttributes(store, block, query);
    // A block that is still written may get what it lacks now.
    if (block.sealed) known.set(block, passes);
    return passes;
  };
}

/** The operations of which a matching trace has at least one; null when the query names neither kind. */
function wantedOperations(store: Store, query: TraceQuery): ReadonlySet<Operation> | null {
  if (!query.service && !query.operation) return null;
  const services = query.service ? [query.service] : store.services();
  const operations = services.flatMap((service) => [...store.operations(service)]);
  return new Set(operations.filter(({ name }) => !query.operation || name === query.operation));
}

/** A double holds Unix nanoseconds to within 256, below the year 2262. */
const ROUNDING_NS = 2048;

function isInTime(block: Block, query: TraceQuery): boolean {
  if (block.firstStartNs - ROUNDING_NS > Number(query.endNs)) return false;
  if (block.lastStartNs + ROUNDING_NS < Number(query.startNs)) return false;
  return query.leastNs === null || block.longestNs + ROUNDING_NS >= Number(query.leastNs);
}

function hasOneOf(block: Block, operations: ReadonlySet<Operation> | null): boolean {
  if (operations === null) return true;
  for (const operation of block.operations) if (operations.has(operation)) return true;
  return false;
}

/** The text of a value that need not stand in the encoded span as it is: a number, a truth value, a list, a map. */
const NOT_ONLY_TEXT = /^(?:[-+.\d]|true$|false$|NaN$|Infinity$|\[|\{)/;

/** Looks for the texts of key and value in the encoded spans: many times faster than decoding them. */
function mayHaveAttributes(store: Store, block: Block, { attributes }: TraceQuery): boolean {
  return [...attributes].every(([key, value]) => {
    if (key === "error") return true;
    for (const { words } of block.origins) if (textOf(words.resource[key]) === value) return true;
    const content = store.contentOf(block);
    return content.includes(key) && (NOT_ONLY_TEXT.test(value) || content.includes(value));
  });
}

function hasMatch(trace: StoredTrace, query: TraceQuery): boolean {
  for (const span of spansOf(trace)) if (matches(span, query)) return true;
  return false;
}

function matches(span: Span, query: TraceQuery): boolean {
  if (query.service && span.service !== query.service) return false;
  if (query.operation && span.name !== query.operation) return false;
  if (span.startNs < query.startNs || span.startNs >= query.endNs) return false;
  const durationNs = span.endNs - span.startNs;
  if (query.leastNs !== null && durationNs < query.leastNs) return false;
  if (query.mostNs !== null && durationNs > query.mostNs) return false;
  for (const [key, value] of query.attributes) if (!hasAttribute(span, key, value)) return false;
  return true;
}

function hasAttribute(span: Span, key: string, value: string): boolean {
  if (textOf(span.attributes[key]) === value || textOf(span.resource[key]) === value) return true;
  // Jaeger's clients ask for failed spans in this way.
  return key === "error" && value === String(span.status === "ERROR");
}

function textOf(value: AttributeValue | undefined): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
