/**
 * What lens counts about itself, and how Prometheus reads it.
 *
 * For each signal, items are spans, log records or metric data points, and
 * received = stored + duplicates + refused (metric data points are only received: nothing stores them).
 * A request that cannot be read has no items to count; it stands as one, received and refused.
 */
import type { RefusalCode } from "./otlp/error.ts";
import type { Integrity } from "./query/integrity.ts";

export const SIGNALS = ["traces", "logs", "metrics"] as const;
export type Signal = (typeof SIGNALS)[number];

/** `invalid_id`: a span without a valid trace or span id, refused out of a request that was otherwise taken. */
export type RefusalReason = RefusalCode | "invalid_id";

export interface SignalCounts {
  received: number;
  stored: number;
  duplicates: number;
  evicted: number;
  readonly refused: Map<RefusalReason, number>;
}

export type Counters = Readonly<Record<Signal, SignalCounts>>;

export function newCounters(): Counters {
  const counts = (): SignalCounts => ({
    received: 0,
    stored: 0,
    duplicates: 0,
    evicted: 0,
    refused: new Map(),
  });
  return { traces: counts(), logs: counts(), metrics: counts() };
}

/** Counts `items` as received and refused. */
export function countRefused(counts: SignalCounts, reason: RefusalReason, items = 1): void {
  if (items === 0) return;
  counts.received += items;
  counts.refused.set(reason, (counts.refused.get(reason) ?? 0) + items);
}

/** The content type of `renderMetrics`; Prometheus 3 refuses an answer without one. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The counters, the store's size in bytes and the latest journeys' state, in Prometheus' text format. */
export function renderMetrics(
  counters: Counters,
  store: { bytes: number; limitBytes: number },
  integrity: Integrity,
): string {
  const bySignal = (read: (counts: SignalCounts) => number): string[] =>
    SIGNALS.map((signal) => `{signal="${signal}"} ${read(counters[signal])}`);
  const refused = SIGNALS.flatMap((signal) =>
    REASONS.map(
      (reason) => `{signal="${signal}",reason="${reason}"} ${counters[signal].refused.get(reason) ?? 0}`,
    ),
  );
  return [
    family(
      "lens_received_total",
      "counter",
      "Items that arrived.",
      bySignal((c) => c.received),
    ),
    family(
      "lens_stored_total",
      "counter",
      "Items taken into the store.",
      bySignal((c) => c.stored),
    ),
    family(
      "lens_duplicates_total",
      "counter",
      "Spans that were stored already.",
      bySignal((c) => c.duplicates),
    ),
    family(
      "lens_evicted_total",
      "counter",
      "Items that made room for newer ones.",
      bySignal((c) => c.evicted),
    ),
    family("lens_refused_total", "counter", "Items refused; an unreadable request counts as one.", refused),
    family("lens_store_bytes", "gauge", "Memory that the store uses.", [` ${store.bytes}`]),
    family("lens_store_limit_bytes", "gauge", "Memory that the store may use.", [` ${store.limitBytes}`]),
    family("lens_journeys", "gauge", "The latest journeys, by state.", [
      `{state="under_way"} ${integrity.underWay}`,
      `{state="settled"} ${integrity.settled}`,
      `{state="unsettled"} ${integrity.unsettled}`,
    ]),
    family("lens_orphan_spans", "gauge", "Spans of the latest journeys whose parent never came.", [
      ` ${integrity.orphans}`,
    ]),
  ].join("");
}

const REASONS: readonly RefusalReason[] = [
  "malformed",
  "too_large",
  "unsupported_type",
  "busy",
  "invalid_id",
];

const family = (name: string, type: "counter" | "gauge", help: string, samples: readonly string[]): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => `${name}${sample}\n`).join("")}`;
