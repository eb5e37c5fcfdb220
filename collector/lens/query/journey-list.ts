/** A list of journeys, a line each. */
import { isFailed } from "../journey/failure.ts";
import { type Cause, type Journey, keyOf, type LeftOut, type SpanKey } from "../journey/model.ts";
import { byStart } from "../journey/order.ts";
import type { Beginning } from "../journey/stitch/root.ts";
import { inMs } from "../journey/times.ts";

/** A journey in one line of a list. */
export interface JourneySummary {
  /** Names the journey; `id` is the trace id of its root, which others may have, too. */
  readonly key: SpanKey;
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
  /** Journeys of a single span that are like this one, and that this line stands for as well. */
  readonly alike: number;
  /** Clocks that do not fit, by which the duration was put right. */
  readonly skewed: boolean;
  readonly leftOut: LeftOut;
}

/** What is listed of a journey. */
export interface ListedJourney {
  readonly summary: JourneySummary;
  readonly state: Pick<Journey, "settled" | "endNs" | "orphans" | "leftOut">;
}

export interface LatestJourneys {
  readonly journeys: readonly ListedJourney[];
  /** The number of the last trace that was looked at, when there may be more; else undefined. */
  readonly next: number | undefined;
  /** True when the time ran out before enough was found. */
  readonly partial: boolean;
}

/** Roots that were passed by are remembered up to here. */
const MOST_PASSED = 1_000;
/** What nobody asks for by itself: connections, housekeeping, single calls. A request or a message is never folded. */
const FOLDED: ReadonlySet<string> = new Set(["INTERNAL", "CLIENT", "UNSPECIFIED"]);

export class Listing {
  readonly #service: string | null;
  readonly #listed = new Map<SpanKey, ListedJourney>();
  /** The line that stands for single spans of one kind. */
  readonly #folded = new Map<string, SpanKey>();
  readonly #passed = new Map<SpanKey, Beginning>();

  /** `service`: only journeys that pass through it; null for all. */
  constructor(service: string | null) {
    this.#service = service;
  }

  /** Lines, each for a journey or for many that are alike. */
  get size(): number {
    return this.#listed.size;
  }

  add(journey: Journey): void {
    const { rootKey, spans } = journey;
    if (this.#listed.has(rootKey)) return;
    if (this.#service !== null && !spans.some(({ span }) => span.service === this.#service)) return;
    const single = spans.length === 1 ? spans[0]?.span : undefined;
    const { settled, endNs, orphans, leftOut } = journey;
    const listed = { summary: summaryOf(journey), state: { settled, endNs, orphans, leftOut } };
    if (!single || !FOLDED.has(single.kind)) {
      this.#listed.set(rootKey, listed);
      return;
    }
    const kind = JSON.stringify([single.service, single.name, single.kind, isFailed(single), settled]);
    const first = this.#folded.get(kind);
    const line = first && this.#listed.get(first);
    if (first && line) {
      const summary = { ...line.summary, alike: line.summary.alike + 1 };
      this.#listed.set(first, { ...line, summary });
      return;
    }
    this.#folded.set(kind, rootKey);
    this.#listed.set(rootKey, listed);
  }

  /** Where journeys begin that are not listed yet: their turn comes when their own trace does. */
  pass(beginnings: readonly Beginning[]): void {
    for (const one of beginnings) {
      if (this.#passed.size >= MOST_PASSED) return;
      this.#passed.set(keyOf(one.root), one);
    }
  }

  /** Those of them that are not listed, the newest first. */
  passed(): readonly Beginning[] {
    return [...this.#passed]
      .filter(([key]) => !this.#listed.has(key))
      .map(([, beginning]) => beginning)
      .sort((a, b) => byStart(b.root, a.root));
  }

  done(next: number | undefined, partial: boolean): LatestJourneys {
    return { journeys: [...this.#listed.values()], next, partial };
  }
}

/** A journey in one line. */
function summaryOf(journey: Journey): JourneySummary {
  const { id, rootKey, correlationId, orderIds, settled, cause, spans, skews, leftOut } = journey;
  const root = spans.find(({ key }) => key === rootKey)?.span;
  return {
    key: rootKey,
    id,
    correlationId,
    orderIds,
    service: root?.service ?? "",
    name: root?.name ?? "",
    startUnixNano: journey.startNs.toString(),
    durationMs: inMs(journey.endNs - journey.startNs),
    spans: spans.length,
    services: [...new Set(spans.map(({ span }) => span.service))],
    settled,
    cause,
    alike: 0,
    skewed: skews.length > 0,
    leftOut,
  };
}
