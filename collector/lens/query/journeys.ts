/** Finds journeys in the store: the latest ones, or those that an id leads to. Bounded in time, spans and bytes. */
import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import { type Journey, keyOf, type Span, type SpanKey } from "../journey/model.ts";
import type { Rules } from "../journey/rules.ts";
import type { SpanSource } from "../journey/source.ts";
import { type Beginning, beginningOf } from "../journey/stitch/root.ts";
import { rootsIn } from "../journey/stitch/roots.ts";
import { Traces } from "../journey/stitch/traces.ts";
import { BOUNDS, type Bounds, Work } from "../journey/stitch/work.ts";
import {
  type FoundJourney,
  type JourneyOptions,
  journeyFrom,
  journeyIn,
  rulesOf,
} from "../journey/stitch.ts";
import type { StoreReader } from "../store/read/store-reader.ts";
import { type LatestJourneys, Listing } from "./journey-list.ts";
import { Patience } from "./patient.ts";
import { sourceOf } from "./source.ts";

export interface LatestQuery {
  readonly limit: number;
  /** Only journeys that pass through it; null for all. */
  readonly service: string | null;
  /** Where the list before this one stopped. */
  readonly before?: number | undefined;
}

/** Traces that are looked at for one id. */
const MAX_TRACES = 2000;
/** What one list may take. */
const BUDGET_MS = 1_000;
/** What one journey may take. */
const FIND_MS = 2_000;
/** A line of a list says how much there is, so that a journey too large for it is named all the same. */
const LINE_BOUNDS: Bounds = { spans: 2_000, bytes: 4 * 1024 * 1024, steps: 40_000, hops: 64 };
/** Traces that are looked at for their roots are kept until there are so many spans of them. */
const LOOK_BOUNDS: Bounds = { ...BOUNDS, spans: 5_000, steps: 40_000 };

export class Journeys {
  readonly #store: StoreReader;
  readonly #rules: Rules;
  readonly #index: readonly string[];

  /** `index`: attributes that a journey can be found by, beside the correlation id. */
  constructor(store: StoreReader, options: JourneyOptions & { readonly index: readonly string[] }) {
    this.#store = store;
    this.#index = options.index.filter((name) => name !== BATON.correlationId);
    this.#rules = rulesOf({ ids: this.#index, ...options });
  }

  /**
   * The journeys whose root's trace arrived last, the newest first; of a trace with several roots all. The order is
   * that of arrival and not of the spans' own times: a clock that is years ahead must not stand on top for ever, and a
   * cursor must not move while telemetry comes in.
   */
  async latest({ limit, service, before }: LatestQuery, budgetMs = BUDGET_MS): Promise<LatestJourneys> {
    const patience = new Patience(budgetMs);
    const source = sourceOf(this.#store);
    const listing = new Listing(service);
    let looking = this.#traces(source, LOOK_BOUNDS);
    for (const trace of this.#store.newestFirst(before)) {
      const next = trace.number;
      if (trace.spanCount > 0) {
        const { here, elsewhere } = await patience.finish(rootsIn(looking, trace.traceId), looking.work);
        for (const root of here) {
          if (patience.isOver) listing.pass([{ root, cut: false }]);
          else listing.add(await this.#line({ root, cut: false }, source, patience));
        }
        listing.pass(elsewhere);
        if (looking.work.spent !== "") looking = this.#traces(source, LOOK_BOUNDS);
      }
      if (listing.size >= limit) return listing.done(next, false);
      if (patience.isOver) {
        await this.#takePassed(listing, limit, source);
        return listing.done(next, true);
      }
      await patience.pause();
    }
    return listing.done(undefined, false);
  }

  /**
   * The journey of a span (`<trace id>:<span id>`, as `key` has it), of a trace, correlation or order id, or of another
   * indexed attribute's value; null when nothing is known of it. A correlation id with several journeys gives the
   * newest, since a sender that repeats its id means the last time; an order id gives the oldest, the one that made the
   * order.
   */
  async find(id: string, signal?: AbortSignal): Promise<FoundJourney | null> {
    const patience = new Patience(FIND_MS, signal);
    const at = placeOf(id);
    if (at) {
      const traces = this.#traces(sourceOf(this.#store), BOUNDS);
      const found = await patience.finish(journeyIn(traces, at), traces.work);
      if (found) return found;
    }
    const correlated = await this.#carrying(BATON.correlationId, id, patience);
    if (correlated.length > 0) return this.#choose(correlated, patience);
    for (const name of this.#index) {
      const carrying = await this.#carrying(name, id, patience);
      if (carrying.length > 0) return this.#choose(carrying.toReversed(), patience);
    }
    return null;
  }

  /** The roots of journeys with a span that carries the value, newest first. */
  async #carrying(name: string, value: string, patience: Patience): Promise<readonly Span[]> {
    const source = sourceOf(this.#store);
    const [own, all] = [new Map<SpanKey, Span>(), new Map<SpanKey, Span>()];
    let looking = this.#traces(source, LOOK_BOUNDS);
    let looked = 0;
    for (const { traceId, spanCount } of this.#store.withAttribute(name, value)) {
      if (looked++ >= MAX_TRACES || patience.isOver) break;
      if (spanCount === 0) continue;
      if (looking.work.spent !== "") looking = this.#traces(source, LOOK_BOUNDS);
      const { spans } = await patience.finish(looking.load(traceId), looking.work);
      const known = new Map<SpanKey, Span>();
      // A batch's trace leads to several journeys: those count whose own spans carry the value. But where only log
      // records carry it, their traces are all there is to go by.
      const carrying = spans.filter((span) => String(span.attributes[name]) === value);
      for (const span of carrying.length > 0 ? carrying : spans.slice(0, 1)) {
        const { root } = await patience.finish(beginningOf(span, looking, known), looking.work);
        (carrying.length > 0 ? own : all).set(keyOf(root), root);
      }
      await patience.pause();
    }
    return [...(own.size > 0 ? own : all).values()].sort(newestFirst);
  }

  async #choose([first, ...others]: readonly Span[], patience: Patience): Promise<FoundJourney | null> {
    if (!first) return null;
    const traces = this.#traces(sourceOf(this.#store), BOUNDS);
    const found = await patience.finish(journeyIn(traces, first), traces.work);
    return found && { journey: found.journey, others: others.map(keyOf) };
  }

  async #line({ root, cut }: Beginning, source: SpanSource, patience: Patience): Promise<Journey> {
    const traces = this.#traces(source, LINE_BOUNDS);
    await patience.finish(traces.load(root.traceId), traces.work);
    return patience.finish(journeyFrom(root, traces, cut), traces.work);
  }

  /** What a list has only passed by is named when its time is over, so that it never answers nothing. */
  async #takePassed(listing: Listing, limit: number, source: SpanSource): Promise<void> {
    const patience = new Patience(BUDGET_MS / 4);
    for (const one of listing.passed()) {
      if (listing.size >= limit || (listing.size > 0 && patience.isOver)) return;
      listing.add(await this.#line(one, source, patience));
    }
  }

  #traces(source: SpanSource, bounds: Bounds): Traces {
    return new Traces(source, this.#rules, new Work(bounds));
  }
}

/**
 * Reads a trace id, or a span's key; null for anything else. Short ids, as older tracers make them, are lower halves.
 */
function placeOf(id: string): { readonly traceId: string; readonly spanId?: string } | null {
  const [, trace, span] =
    /^([0-9a-f]{1,32})(?::([0-9a-f]{16}(?:\.server)?))?$/.exec(id.trim().toLowerCase()) ?? [];
  if (trace === undefined) return null;
  const traceId = trace.padStart(32, "0");
  return span === undefined ? { traceId } : { traceId, spanId: span };
}

const newestFirst = (a: Span, b: Span): number =>
  a.startNs > b.startNs ? -1 : a.startNs < b.startNs ? 1 : 0;
