/** What must hold for journeys of any forest of spans. Each throws an Error that says what does not. */

import { type Journey, keyOf, type Span, type SpanKey } from "../model.ts";
import { sourceOf } from "../source.ts";
import { Traces } from "../stitch/traces.ts";
import { BOUNDS, type Bounds, finish, MOST_LINKS, STEPS_A_PIECE, Work } from "../stitch/work.ts";
import { type JourneyOptions, journeyIn, journeysOf, rulesOf } from "../stitch.ts";
import { Chance, type Forest, forestOf } from "./forest.ts";
import { SHOP } from "./shop.ts";

/** Holds the forest of one seed against all rules. */
export function holdForest(seed: number): void {
  const forest = forestOf(seed);
  const chance = new Chance(seed ^ 0x5bd1e995);
  const options = chance.is(0.5) ? SHOP : {};
  const journeys = journeysOf(forest.spans, options);
  holdCover(forest, journeys);
  const texts = new Set(journeys.map(textOf));
  const others = chance.shuffled([...forest.spans, ...forest.spans.filter(() => chance.is(0.2))]);
  const again = journeysOf(others, options);
  must(again.length === texts.size, `${again.length} journeys instead of ${texts.size}`);
  for (const one of again) must(texts.has(textOf(one)), "another order gives other journeys");
  const small = {
    spans: 1 + chance.below(12),
    bytes: BOUNDS.bytes,
    steps: 1 + chance.below(300),
    hops: chance.below(4),
  };
  const traceId = others[0]?.traceId ?? "";
  const whole = holdCall(forest, others, traceId, options, BOUNDS);
  must(texts.has(textOf(whole)), "a journey that was asked for is not one of all");
  holdCall(forest, others, traceId, options, small);
}

function must(truth: boolean, what: string): void {
  if (!truth) throw new Error(what);
}

/** Every span is in a journey, none twice in one, none the own of two, and each under what is before it. */
function holdCover({ spans }: Forest, journeys: readonly Journey[]): void {
  const [shown, owned] = [new Set<SpanKey>(), new Set<SpanKey>()];
  for (const journey of journeys) {
    holdTree(journey);
    for (const { key, shared } of journey.spans) {
      shown.add(key);
      must(shared || !owned.has(key), `${key} is the own of two journeys`);
      if (!shared) owned.add(key);
    }
  }
  for (const span of spans) must(shown.has(keyOf(span)), `${keyOf(span)} is in no journey`);
}

function holdTree({ spans, rootKey, startNs, endNs }: Journey): void {
  const depths = new Map<SpanKey, number>();
  for (const { key, under, depth } of spans) {
    must(!depths.has(key), `${key} is twice in a journey`);
    const above = under === null ? -1 : depths.get(under);
    must(above !== undefined && depth === above + 1, `${key} is not below what it hangs under`);
    depths.set(key, depth);
  }
  must(spans[0]?.key === rootKey, "the first span is not the root");
  must(endNs >= startNs, "a journey lasts less than no time");
}

/** One question for a trace, within its bounds. */
function holdCall(
  { links }: Forest,
  spans: readonly Span[],
  traceId: string,
  options: JourneyOptions,
  bounds: Bounds,
): Journey {
  const work = new Work(bounds);
  const traces = new Traces(sourceOf(spans), rulesOf(options), work);
  const found = finish(journeyIn(traces, { traceId }));
  if (!found) throw new Error(`nothing is found of the trace ${traceId}`);
  const { journey } = found;
  holdTree(journey);
  must(
    journey.spans.some(({ span }) => span.traceId === traceId),
    `nothing of the trace ${traceId} is in its own journey`,
  );
  must(journey.spans.length <= bounds.spans, `${journey.spans.length} spans, bound ${bounds.spans}`);
  must(journey.leftOut.bound === "" || !journey.settled, "what was cut counts as settled");
  // What is read, once for each of a few passes; and no more than what is allowed and a pass over what is held.
  const size = spans.length + links + 10;
  must(work.steps <= 60 * size, `${work.steps} steps for ${size} spans and links`);
  const most = bounds.steps + 40 * Math.min(size, bounds.spans + MOST_LINKS);
  must(work.steps <= most, `${work.steps} steps, allowed ${bounds.steps}`);
  const piece = STEPS_A_PIECE + MOST_LINKS + 4 * Math.min(spans.length, bounds.spans);
  must(work.longestPiece <= piece, `${work.longestPiece} steps between two yields`);
  return journey;
}

/** Everything that a journey says, as text, and which version of each span counts. */
function textOf(journey: Journey): string {
  const { spans, waits, startNs, endNs, ...rest } = journey;
  const placed = spans.map(({ span, key, under, edge, depth, shared, orphan, alsoLinked }) => {
    const { parentSpanId, kind, service, name, status, startNs: from, endNs: to } = span;
    const version = `${parentSpanId} ${kind} ${service} ${name} ${status} ${from} ${to} ${span.links.length}`;
    return `${key} ${under} ${edge} ${depth} ${shared} ${orphan} ${alsoLinked} ${version}`;
  });
  const waited = waits.map(
    (w) => `${w.kind} ${w.key} ${w.startNs} ${w.endNs} ${w.since} ${w.restsOn} ${w.from}`,
  );
  return `${startNs} ${endNs} ${JSON.stringify(rest)} ${waited.join()} ${placed.join()}`;
}
