/**
 * What lens counts about itself, and how Prometheus reads it.
 *
 * For each signal, items are spans, log records or metric data points, and
 * received = stored + duplicates + refused (metric data points are only received: nothing stores them), and what is
 * in the store is stored - evicted.
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
  /** Spans that came for a journey that had been quiet for 10 s, and for one that was evicted. */
  late: number;
  tooLate: number;
  readonly refused: Map<RefusalReason, number>;
}

export type Counters = Readonly<Record<Signal, SignalCounts>> & { readonly evictedOf: EvictedOf };

interface Evicted {
  journeys: number;
  spans: number;
}

/** More services than this share one line: labels must not grow with what senders make up. */
const MAX_SERVICES = 100;
const OTHERS = "(others)";

/** What was evicted, by the service that the journeys began at. */
class EvictedOf {
  readonly #byService = new Map<string, Evicted>();

  add(service: string, spans: number): void {
    const known = this.#byService.has(service) || this.#byService.size < MAX_SERVICES;
    const counts = this.#byService.get(known ? service : OTHERS) ?? { journeys: 0, spans: 0 };
    this.#byService.set(known ? service : OTHERS, counts);
    counts.journeys++;
    counts.spans += spans;
  }

  /** Samples for Prometheus. */
  samples(what: keyof Evicted): string[] {
    return [...this.#byService].map(
      ([service, counts]) => `{root_service=${quoted(service)}} ${counts[what]}`,
    );
  }
}

/** A label's value: Prometheus knows three escapes. */
const quoted = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

export function newCounters(): Counters {
  const counts = (): SignalCounts => ({
    received: 0,
    stored: 0,
    duplicates: 0,
    evicted: 0,
    late: 0,
    tooLate: 0,
    refused: new Map(),
  });
  return { traces: counts(), logs: counts(), metrics: counts(), evictedOf: new EvictedOf() };
}

/** Counts `items` as received and refused. */
export function countRefused(counts: SignalCounts, reason: RefusalReason, items = 1): void {
  if (items === 0) return;
  counts.received += items;
  counts.refused.set(reason, (counts.refused.get(reason) ?? 0) + items);
}

/** What was forwarded, and what was not, in items by signal. */
export interface ForwardCounts {
  readonly sent: Record<Signal, number>;
  /**
   * `refused`: whole requests; `rejected`: what it left out of requests that it took; `gave_up`: the backend could not
   * be reached for long; `stopped`: lens was.
   */
  readonly dropped: Readonly<
    Record<"queue_full" | "refused" | "rejected" | "gave_up" | "stopped", Record<Signal, number>>
  >;
}

export function newForwardCounts(): ForwardCounts {
  const none = (): Record<Signal, number> => ({ traces: 0, logs: 0, metrics: 0 });
  return {
    sent: none(),
    dropped: { queue_full: none(), refused: none(), rejected: none(), gave_up: none(), stopped: none() },
  };
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
    family(
      "lens_evicted_journeys_total",
      "counter",
      "Journeys that made room for newer ones, by the service that they began at.",
      counters.evictedOf.samples("journeys"),
    ),
    family("lens_evicted_spans_total", "counter", "Their spans.", counters.evictedOf.samples("spans")),
    family("lens_late_spans_total", "counter", "Spans for a journey that was quiet for 10 s, or evicted.", [
      `{journey="kept"} ${counters.traces.late}`,
      `{journey="evicted"} ${counters.traces.tooLate}`,
    ]),
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
  "slow",
  "busy",
  "invalid_id",
];

const family = (name: string, type: "counter" | "gauge", help: string, samples: readonly string[]): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => `${name}${sample}\n`).join("")}`;

/** What was forwarded, in Prometheus' text format. `queueBytes`: what waits. */
export function renderForwarding({ sent, dropped }: ForwardCounts, queueBytes: number): string {
  const droppedSamples = Object.entries(dropped).flatMap(([reason, counts]) =>
    SIGNALS.map((signal) => `{signal="${signal}",reason="${reason}"} ${counts[signal]}`),
  );
  return [
    family(
      "lens_forwarded_total",
      "counter",
      "Items that the other backend took.",
      SIGNALS.map((signal) => `{signal="${signal}"} ${sent[signal]}`),
    ),
    family(
      "lens_forward_dropped_total",
      "counter",
      "Items that the other backend never got.",
      droppedSamples,
    ),
    family("lens_forward_queue_bytes", "gauge", "Requests that wait to be forwarded.", [` ${queueBytes}`]),
  ].join("");
}
