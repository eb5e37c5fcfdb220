/**
 * Finds traces by what one of their spans is like: Jaeger's TraceQueryParameters, in which all conditions must hold for
 * the same span.
 *
 * Source: https://github.com/jaegertracing/jaeger-idl, proto/api_v3/query_service.proto
 */
import { setImmediate } from "node:timers/promises";
import type { Span } from "../journey/model.ts";
import { spellingsOf } from "../journey/names.ts";
import { decodeSpan } from "../otlp/decode.ts";
import { textOfValue } from "../otlp/read/index-keys.ts";
import type { Stored } from "../store/read/items.ts";
import type { StoreReader } from "../store/read/store-reader.ts";
import type { StoredTrace } from "../store/read/stored-trace.ts";
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
  store: StoreReader,
  query: TraceQuery,
  indexed: ReadonlySet<string>,
  signal: AbortSignal,
  budgetMs = BUDGET_MS,
): Promise<FoundTraces> {
  const traces: StoredTrace[] = [];
  const startedAt = performance.now();
  let pausedAt = startedAt;
  for (const trace of candidates(store, query, indexed)) {
    const next = trace.number;
    if (isInTime(trace, query) && hasMatch(trace, query)) traces.push(trace);
    if (traces.length >= query.limit) return { traces, next, partial: false };
    const now = performance.now();
    if (now - startedAt >= budgetMs) return { traces, next, partial: true };
    if (now - pausedAt < PAUSE_AFTER_MS) continue;
    await setImmediate(undefined, { signal });
    pausedAt = performance.now();
  }
  return { traces, next: undefined, partial: false };
}

/** The traces that can match, the newest first. */
function candidates(
  store: StoreReader,
  query: TraceQuery,
  indexed: ReadonlySet<string>,
): Iterable<StoredTrace> {
  const { service, operation, attributes, before } = query;
  // The index knows one name of an attribute: where there are several, it would leave some out.
  const entry = [...attributes].find(([key]) => indexed.has(key) && spellingsOf(key).length === 1);
  if (entry) return store.withAttribute(...entry, before);
  if (!service) return store.newestFirst(before);
  if (!operation) return store.withService(service, before);
  const operations = store.operations(service).filter(({ name }) => name === operation);
  const [only, ...others] = operations;
  if (!only) return [];
  return others.length === 0 ? store.withOperation(only, before) : store.withService(service, before);
}

/** Times of traces are known to within 256 ns. */
const ROUNDING_NS = 2048;

/** False when no span of the trace can lie in the time that is asked for, or take so long. */
function isInTime({ startNs, endNs }: StoredTrace, query: TraceQuery): boolean {
  if (startNs - ROUNDING_NS > Number(query.endNs)) return false;
  // A span may end before it starts, so that where a trace ends says nothing of where its last span starts.
  if (endNs >= startNs && query.leastNs !== null)
    return endNs - startNs + ROUNDING_NS >= Number(query.leastNs);
  return true;
}

function hasMatch(trace: StoredTrace, query: TraceQuery): boolean {
  for (const item of trace.spans())
    if (mayMatch(item, query) && matches(decodeSpan(item.bytes, item.origin.words), query)) return true;
  return false;
}

/** The text of a value that need not stand in the encoded span as it is: a number, a truth value, a list, a map. */
const NOT_ONLY_TEXT = /^(?:[-+.\d]|true$|false$|NaN$|-?Infinity$|\[|\{)/;

/** Looks for the texts of names and values in the encoded span: many times faster than decoding it. */
function mayMatch({ bytes, origin }: Stored, { service, operation, attributes }: TraceQuery): boolean {
  if (service && origin.words.service !== service) return false;
  if (operation && !bytes.includes(operation)) return false;
  for (const [key, value] of attributes) {
    const names = spellingsOf(key);
    if (key === "error" || names.some((name) => textOfValue(origin.words.resource[name]) === value)) continue;
    const isNamed = names.some((name) => bytes.includes(name));
    if (!isNamed || !(NOT_ONLY_TEXT.test(value) || bytes.includes(value))) return false;
  }
  return true;
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
  for (const name of spellingsOf(key))
    if (textOfValue(span.attributes[name]) === value || textOfValue(span.resource[name]) === value)
      return true;
  // Jaeger's clients ask for failed spans in this way.
  return key === "error" && value === String(span.status === "ERROR");
}
