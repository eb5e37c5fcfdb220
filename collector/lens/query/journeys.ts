/** Finds journeys in the store: the latest ones, or those that an id leads to. */
import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { Cause, Journey } from "../journey/model.ts";
import { type JourneyOptions, journeyOf } from "../journey/stitch.ts";
import type { Bundle } from "../store/bundle.ts";
import type { Store } from "../store/store.ts";
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

/** Traces that are looked at for one answer. */
const MAX_TRACES = 2000;

export class Journeys {
  readonly #store: Store;
  readonly #options: JourneyOptions;
  readonly #index: readonly string[];

  /** `index`: attributes that a journey can be found by, beside the correlation id. */
  constructor(store: Store, options: JourneyOptions & { readonly index: readonly string[] }) {
    this.#store = store;
    this.#options = options;
    this.#index = options.index.filter((name) => name !== BATON.correlationId);
  }

  /** The journeys whose root arrived last, newest first. `service`: only those that pass through it. */
  latest(limit: number, service: string | null): Journey[] {
    const stitch = this.#stitcher();
    const found: Journey[] = [];
    let looked = 0;
    for (const bundle of this.#store.newestFirst()) {
      if (found.length >= limit || looked++ >= MAX_TRACES) break;
      // A journey counts when its own first trace comes up, or a late e-mail would pass an old one off as new.
      const journey = stitch(bundle);
      if (journey?.id !== bundle.traceId) continue;
      if (!service || journey.spans.some(({ span }) => span.service === service)) found.push(journey);
    }
    return found.sort(newestFirst);
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
    const bundles = [...this.#store.withAttribute(name, value)].slice(-MAX_TRACES);
    for (const bundle of bundles) {
      const journey = stitch(bundle);
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
  #stitcher(): (bundle: Bundle) => Journey | null {
    const byTrace = new Map<string, Journey>();
    const source = sourceOf(this.#store);
    return ({ traceId, spans }) => {
      if (spans.count === 0) return null;
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
