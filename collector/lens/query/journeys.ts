/** Finds journeys in the store: the latest ones, or those that an id leads to. */
import { setImmediate } from "node:timers/promises";
import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { Cause, Journey } from "../journey/model.ts";
import { type JourneyOptions, journeyOf } from "../journey/stitch.ts";
import type { StoreReader } from "../store/read/store-reader.ts";
import type { StoredTrace } from "../store/read/stored-trace.ts";
import { sourceOf } from "./source.ts";

/** A journey in one line of a list. */
export interface JourneySummary {
  readonly id: string;
  readonly correlationId: string;
  readonly orderIds: readonly string[];
  /** Service and name of the root span. */
  readonly service: string;
  readonly name: string;
  /** Decimal digits: Unix nanoseconds do not fit a JSON number. */
  readonly startUnixNano: string;
  readonly durationMs: number;
  readonly spans: number;
  readonly services: readonly string[];
  readonly settled: boolean;
  readonly cause: Cause | null;
}

/** A journey, and the ids of the others that the same correlation or order id leads to, newest first. */
export interface FoundJourney {
  readonly journey: Journey;
  readonly others: readonly string[];
}

export interface LatestQuery {
  readonly limit: number;
  /** Only journeys that pass through it; null for all. */
  readonly service: string | null;
  /** Where the list before this one stopped. */
  readonly before?: number | undefined;
}

export interface LatestJourneys {
  readonly journeys: readonly Journey[];
  /** The number of the last trace that was looked at, when there may be more; else undefined. */
  readonly next: number | undefined;
  /** True when the time ran out before enough was found. */
  readonly partial: boolean;
}

/** Traces that are looked at for one id. */
const MAX_TRACES = 2000;
/** Telemetry and other questions go on in between. */
const PAUSE_AFTER_MS = 8;
/** What one list may take. */
const BUDGET_MS = 1_000;

export class Journeys {
  readonly #store: StoreReader;
  readonly #options: JourneyOptions;
  readonly #index: readonly string[];

  /** `index`: attributes that a journey can be found by, beside the correlation id. */
  constructor(store: StoreReader, options: JourneyOptions & { readonly index: readonly string[] }) {
    this.#store = store;
    this.#options = options;
    this.#index = options.index.filter((name) => name !== BATON.correlationId);
  }

  /**
   * The journeys whose first trace arrived last, the newest first. The order is that of arrival and not of the spans'
   * own times: a clock that is years ahead must not stand on top for ever, and a cursor must not move while telemetry
   * comes in.
   */
  async latest({ limit, service, before }: LatestQuery, budgetMs = BUDGET_MS): Promise<LatestJourneys> {
    const stitch = this.#stitcher();
    const journeys: Journey[] = [];
    const startedAt = performance.now();
    let pausedAt = startedAt;
    for (const trace of this.#store.newestFirst(before)) {
      const next = trace.number;
      // A journey counts when its own first trace comes up, or a late e-mail would pass an old one off as new.
      const journey = stitch(trace);
      const isIts = journey?.id === trace.traceId;
      if (isIts && (!service || journey.spans.some(({ span }) => span.service === service)))
        journeys.push(journey);
      if (journeys.length >= limit) return { journeys, next, partial: false };
      const now = performance.now();
      if (now - startedAt >= budgetMs) return { journeys, next, partial: true };
      if (now - pausedAt < PAUSE_AFTER_MS) continue;
      await setImmediate();
      pausedAt = performance.now();
    }
    return { journeys, next: undefined, partial: false };
  }

  /**
   * The journey of a trace, correlation or order id, or of another indexed attribute's value; null when nothing
   * is known of it. A correlation id with several journeys gives the newest, since a sender that repeats its id
   * means the last time; an order id gives the oldest, the one that made the order.
   */
  find(id: string): FoundJourney | null {
    const traceId = id.toLowerCase();
    const journey =
      /^[0-9a-f]{32}$/.test(traceId) && journeyOf(sourceOf(this.#store), traceId, this.#options);
    if (journey) return { journey, others: [] };
    const correlated = this.#carrying(BATON.correlationId, id);
    if (correlated.length > 0) return choose(correlated);
    for (const name of this.#index) {
      const carrying = this.#carrying(name, id);
      if (carrying.length > 0) return choose(carrying.reverse());
    }
    return null;
  }

  /** The journeys with a span that carries the value, newest first. */
  #carrying(name: string, value: string): Journey[] {
    const stitch = this.#stitcher();
    const found = new Map<string, Journey>();
    let looked = 0;
    for (const trace of this.#store.withAttribute(name, value)) {
      if (looked++ >= MAX_TRACES) break;
      const journey = stitch(trace);
      if (journey) found.set(journey.rootKey, journey);
    }
    const all = [...found.values()].sort(newestFirst);
    // A batch's trace leads to the journey of its first message, whoever's value it carries. But where only log
    // records carry the value, their traces are all there is to go by.
    const own = all.filter(({ spans }) =>
      spans.some(({ span, shared }) => !shared && String(span.attributes[name]) === value),
    );
    return own.length > 0 ? own : all;
  }

  /** Stitches each journey once, however many of its traces are asked for. */
  #stitcher(): (trace: StoredTrace) => Journey | null {
    const byTrace = new Map<string, Journey>();
    const source = sourceOf(this.#store);
    return ({ traceId, spanCount }) => {
      if (spanCount === 0) return null;
      const known = byTrace.get(traceId);
      if (known) return known;
      const journey = journeyOf(source, traceId, this.#options);
      for (const own of journey?.traceIds ?? []) if (journey) byTrace.set(own, journey);
      return journey;
    };
  }
}

/** A journey in one line. */
export function summaryOf(journey: Journey): JourneySummary {
  const { id, correlationId, orderIds, settled, cause, spans } = journey;
  const root = spans.find(({ key }) => key === journey.rootKey)?.span;
  return {
    id,
    correlationId,
    orderIds,
    service: root?.service ?? "",
    name: root?.name ?? "",
    startUnixNano: journey.startNs.toString(),
    durationMs: Number(journey.endNs - journey.startNs) / 1e6,
    spans: spans.length,
    services: [...new Set(spans.map(({ span }) => span.service))],
    settled,
    cause,
  };
}

const choose = ([journey, ...others]: Journey[]): FoundJourney | null =>
  journey ? { journey, others: others.map(({ id }) => id) } : null;

const newestFirst = (a: Journey, b: Journey): number =>
  a.startNs > b.startNs ? -1 : a.startNs < b.startNs ? 1 : 0;
