/**
 * Whether what the store has of a journey is settled, so that it may go when the store is full: the root is there, no
 * parent inside is missing, and every message sent was consumed or dead-lettered. The same question as in
 * journey/settle.ts, asked once when the journey is written to a block, and without stitching it.
 */
import type { Span } from "../journey/model.ts";
import { type Consumers, inFlightOf } from "../journey/settle.ts";
import { decodeSpan } from "../otlp/decode.ts";
import { type Arrival, spanOf } from "./young.ts";

/** OTLP's numbers of span kinds. */
const SERVER = 2;
const PRODUCER = 4;
const CONSUMER = 5;

/** What a journey's settling depends on, of all that surrounds its spans. */
export interface Around {
  /** True when the trace has this span. */
  hasSpan(trace: number, high: number, low: number): boolean;
  /**
   * CONSUMER spans elsewhere that link into one of the journey's traces: a batch over the messages of many journeys.
   */
  consumers(): Iterable<Span>;
}

export interface SettlingOptions {
  /** Services whose SERVER spans are the public edge: their parents are the callers' and never come. */
  readonly edges: ReadonlySet<string>;
  readonly consumers: Consumers;
}

/** True for a span that begins a journey: the first of a trace, or a SERVER span of the public edge. */
export const isRoot = (arrival: Arrival, edges: ReadonlySet<string>): boolean => {
  const span = spanOf(arrival);
  if (!span) return false;
  if (span.parentHigh === 0 && span.parentLow === 0) return true;
  return span.kind === SERVER && edges.has(arrival.origin.words.service);
};

/** `arrivals`: of all the journey's traces. */
export function isSettled(arrivals: readonly Arrival[], around: Around, options: SettlingOptions): boolean {
  const { edges, consumers } = options;
  const messages: Span[] = [];
  let sends = false;
  for (const arrival of arrivals) {
    const span = spanOf(arrival);
    if (!span) continue;
    if (!isRoot(arrival, edges) && !around.hasSpan(arrival.trace, span.parentHigh, span.parentLow))
      return false;
    if (span.kind !== PRODUCER && span.kind !== CONSUMER) continue;
    sends ||= span.kind === PRODUCER;
    messages.push(decoded(arrival));
  }
  if (!sends) return true;
  const all = [...messages, ...around.consumers()].map((span) => ({ span, shared: false }));
  return inFlightOf(all, consumers).length === 0;
}

/** The CONSUMER spans among arrivals. */
export const consumersIn = (arrivals: readonly Arrival[]): Span[] =>
  arrivals.filter((arrival) => spanOf(arrival)?.kind === CONSUMER).map(decoded);

const decoded = ({ buffer, item, origin }: Arrival): Span =>
  decodeSpan(buffer.subarray(item.start, item.end), origin.words);
