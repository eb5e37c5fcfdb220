/** What lens counts about itself, as Prometheus reads it. */
import { type Counts, DROPS, REASONS, SIGNALS } from "../counts.ts";
import type { Eviction } from "../store/write/tally.ts";
import type { Integrity } from "./integrity.ts";

/** The content type of `renderMetrics`; Prometheus 3 refuses an answer without one. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** More services than this share one line: labels must not grow with what senders make up. */
const MAX_SERVICES = 100;
const OTHERS = "(others)";

/** What was evicted, by the service that the journeys began at. */
export class EvictedOf {
  readonly #byService = new Map<string, { journeys: number; spans: number }>();

  add({ service, traces, spans }: Pick<Eviction, "service" | "traces" | "spans">): void {
    const known = this.#byService.has(service) || this.#byService.size < MAX_SERVICES;
    const counts = this.#byService.get(known ? service : OTHERS) ?? { journeys: 0, spans: 0 };
    this.#byService.set(known ? service : OTHERS, counts);
    counts.journeys += traces;
    counts.spans += spans;
  }

  /** Samples for Prometheus. */
  samples(what: "journeys" | "spans"): string[] {
    return [...this.#byService].map(
      ([service, counts]) => `{root_service=${quoted(service)}} ${counts[what]}`,
    );
  }
}

/** A label's value: Prometheus knows three escapes. */
const quoted = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

type What = Parameters<Counts["of"]>[1];

const bySignal = (counts: Counts, what: What): string[] =>
  SIGNALS.map((signal) => `{signal="${signal}"} ${counts.of(signal, what)}`);

/** The counts, the store's bound in bytes and the latest journeys' state, in Prometheus' text format. */
export function renderMetrics(
  counts: Counts,
  limitBytes: number,
  evicted: EvictedOf,
  integrity: Integrity,
): string {
  return [
    family("lens_received_total", "counter", "Items that arrived.", bySignal(counts, "received")),
    family("lens_stored_total", "counter", "Items taken into the store.", bySignal(counts, "stored")),
    family(
      "lens_duplicates_total",
      "counter",
      "Spans that were stored already.",
      bySignal(counts, "duplicates"),
    ),
    family(
      "lens_evicted_total",
      "counter",
      "Items that made room for newer ones.",
      bySignal(counts, "evicted"),
    ),
    family(
      "lens_evicted_journeys_total",
      "counter",
      "Journeys that made room for newer ones, by the service that they began at.",
      evicted.samples("journeys"),
    ),
    family("lens_evicted_spans_total", "counter", "Their spans.", evicted.samples("spans")),
    family("lens_late_spans_total", "counter", "Spans for a journey that was quiet for 10 s, or evicted.", [
      `{journey="kept"} ${counts.get("late")}`,
      `{journey="evicted"} ${counts.get("tooLate")}`,
    ]),
    family(
      "lens_refused_total",
      "counter",
      "Items refused; an unreadable request counts as one.",
      SIGNALS.flatMap((signal) =>
        REASONS.map((reason) => `{signal="${signal}",reason="${reason}"} ${counts.of(signal, reason)}`),
      ),
    ),
    family("lens_store_bytes", "gauge", "Disk that the store uses.", [` ${counts.get("storeBytes")}`]),
    family("lens_store_limit_bytes", "gauge", "Disk that the store may use.", [` ${limitBytes}`]),
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

/** What was forwarded, in Prometheus' text format. */
export function renderForwarding(counts: Counts): string {
  return [
    family(
      "lens_forwarded_total",
      "counter",
      "Items that the other backend took.",
      bySignal(counts, "forwarded"),
    ),
    family(
      "lens_forward_dropped_total",
      "counter",
      "Items that the other backend never got.",
      DROPS.flatMap((reason) =>
        SIGNALS.map(
          (signal) => `{signal="${signal}",reason="${reason}"} ${counts.of(signal, `dropped ${reason}`)}`,
        ),
      ),
    ),
    family("lens_forward_queue_bytes", "gauge", "Requests that wait to be forwarded.", [
      ` ${counts.get("forwardQueueBytes")}`,
    ]),
  ].join("");
}

const family = (name: string, type: "counter" | "gauge", help: string, samples: readonly string[]): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => `${name}${sample}\n`).join("")}`;
