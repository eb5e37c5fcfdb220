/**
 * Finds traces by what one of their spans is like: Jaeger's TraceQueryParameters, in which all conditions must hold for
 * the same span.
 *
 * Source: https://github.com/jaegertracing/jaeger-idl, proto/api_v3/query_service.proto
 */
import { setImmediate } from "node:timers/promises";
import type { AttributeValue, Span } from "../journey/model.ts";
import type { Bundle } from "../store/bundle.ts";
import type { Operation } from "../store/operations.ts";
import type { Store } from "../store/store.ts";
import { spansOf } from "./source.ts";
import type { TraceQuery } from "./trace-query.ts";

/** A search for an attribute that is not indexed may read the whole store; telemetry goes on in between. */
const PAUSE_AFTER_MS = 8;

/**
 * The traces that match, the newest first, at most `query.limit`. `indexed`: names of the indexed attributes. Rejects
 * with the signal's reason when it is aborted.
 */
export async function findTraces(
  store: Store,
  query: TraceQuery,
  indexed: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Bundle[]> {
  const operations = wantedOperations(store, query);
  const found: Bundle[] = [];
  if (operations?.size === 0) return found;
  let workedSince = performance.now();
  for (const bundle of candidates(store, query, indexed)) {
    if (found.length >= query.limit) break;
    if (mayMatch(bundle, query, operations) && hasMatch(bundle, query)) found.push(bundle);
    if (performance.now() - workedSince < PAUSE_AFTER_MS) continue;
    await setImmediate(undefined, { signal });
    workedSince = performance.now();
  }
  return found;
}

function candidates(store: Store, query: TraceQuery, indexed: ReadonlySet<string>): Iterable<Bundle> {
  for (const [key, value] of query.attributes) {
    if (indexed.has(key)) return [...store.withAttribute(key, value)].reverse();
  }
  return store.newestFirst();
}

/** The operations of which a matching trace has at least one; null when the query names neither kind. */
function wantedOperations(store: Store, query: TraceQuery): ReadonlySet<Operation> | null {
  if (!query.service && !query.operation) return null;
  const services = query.service ? [query.service] : store.services();
  const operations = services.flatMap((service) => [...store.operations(service)]);
  return new Set(operations.filter(({ name }) => !query.operation || name === query.operation));
}

/** A double holds Unix nanoseconds to within 256. */
const ROUNDING_NS = 512;

/** What can be told without looking at a span, and leaves out most traces. */
function mayMatch(bundle: Bundle, query: TraceQuery, operations: ReadonlySet<Operation> | null): boolean {
  if (bundle.spans.count === 0) return false;
  if (bundle.firstStartNs - ROUNDING_NS > Number(query.endNs)) return false;
  if (bundle.lastStartNs + ROUNDING_NS < Number(query.startNs)) return false;
  if (operations === null) return true;
  for (const operation of bundle.operations) if (operations.has(operation)) return true;
  return false;
}

function hasMatch(bundle: Bundle, query: TraceQuery): boolean {
  for (const [key, value] of query.attributes) if (!mayHaveAttribute(bundle, key, value)) return false;
  for (const span of spansOf(bundle)) if (matches(span, query)) return true;
  return false;
}

/** The text of a value that need not stand in the encoded span as it is: a number, a truth value, a list, a map. */
const NOT_ONLY_TEXT = /^(?:[-+.\d]|true$|false$|NaN$|Infinity$|\[|\{)/;

/** Looks for the texts of key and value in the encoded spans: many times faster than decoding them. */
function mayHaveAttribute(bundle: Bundle, key: string, value: string): boolean {
  if (key === "error") return true;
  for (const { words } of bundle.origins.keys()) if (textOf(words.resource[key]) === value) return true;
  if (!NOT_ONLY_TEXT.test(value) && !bundle.spans.include(Buffer.from(value))) return false;
  return bundle.spans.include(Buffer.from(key));
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
