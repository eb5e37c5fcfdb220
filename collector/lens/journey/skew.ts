/**
 * Clocks of processes that do not fit, estimated from the calls between them: what was called cannot have begun before
 * its caller. Nothing is moved by it but the journey's own start and end, and what is moved is said.
 */
import { ATTR } from "../../../services/_kit/telemetry/conventions.ts";
import type { JourneySpan, Skew, Span, SpanKey } from "./model.ts";
import { compareText } from "./order.ts";
import { textOf } from "./read.ts";
import { endOf, inMs, isUnfinished } from "./times.ts";

/** Clocks of one machine, and SDKs that count whole milliseconds, differ by less. */
const TOLERATED_NS = 10_000_000n;

export interface Clocks {
  readonly skews: readonly Skew[];
  /** What to add to a span's times to have them by the root's clock; 0 where the clocks fit. */
  offsetOf(span: Span): bigint;
}

/** What the calls from one process into another say: what was called is at least `least` and at most `most` behind. */
interface Between {
  readonly caller: string;
  readonly called: string;
  least: bigint;
  most: bigint | null;
  restsOn: SpanKey;
}

/** The clocks of these spans, in tree order, beside that of the first of them. */
export function clocksOf(spans: readonly JourneySpan[]): Clocks {
  const names = new Map<Span["resource"], string>();
  const processOf = (span: Span): string => {
    const known = names.get(span.resource);
    if (known !== undefined) return known;
    const name = JSON.stringify([span.service, textOf(span.resource, ATTR.serviceInstanceId)]);
    names.set(span.resource, name);
    return name;
  };
  const root = spans[0];
  if (!root) return { skews: [], offsetOf: () => 0n };
  const pairs = betweenProcesses(spans, processOf);
  const offsets = new Map<string, bigint>([[processOf(root.span), 0n]]);
  const skews: Skew[] = [];
  const next = [processOf(root.span)];
  for (let caller = next.shift(); caller !== undefined; caller = next.shift()) {
    for (const between of pairs.get(caller) ?? []) {
      if (offsets.has(between.called)) continue;
      const own = estimate(between);
      const behind = own === 0n ? (offsets.get(caller) ?? 0n) : own + (offsets.get(caller) ?? 0n);
      offsets.set(between.called, behind);
      next.push(between.called);
      if (behind === 0n) continue;
      const [service = "", instance = ""] = JSON.parse(between.called) as string[];
      skews.push({ service, instance, behindMs: inMs(behind), restsOn: between.restsOn });
    }
  }
  return { skews, offsetOf: (span) => offsets.get(processOf(span)) ?? 0n };
}

function betweenProcesses(
  spans: readonly JourneySpan[],
  processOf: (span: Span) => string,
): ReadonlyMap<string, readonly Between[]> {
  const byKey = new Map(spans.map((one) => [one.key, one.span]));
  const pairs = new Map<string, Map<string, Between>>();
  for (const { key, span, under, orphan } of spans) {
    const over = under === null || orphan ? undefined : byKey.get(under);
    if (!over) continue;
    const [caller, called] = [processOf(over), processOf(span)];
    if (caller === called) continue;
    const ofCaller = pairs.get(caller) ?? new Map<string, Between>();
    pairs.set(caller, ofCaller);
    const least = over.startNs - span.startNs;
    const most = mostOf(over, span);
    const known = ofCaller.get(called);
    if (!known) ofCaller.set(called, { caller, called, least, most, restsOn: key });
    else {
      if (least > known.least) [known.least, known.restsOn] = [least, key];
      if (most !== null && (known.most === null || most < known.most)) known.most = most;
    }
  }
  const inOrder = ({ called: a }: Between, { called: b }: Between): number => compareText(a, b);
  return new Map([...pairs].map(([caller, called]) => [caller, [...called.values()].sort(inOrder)]));
}

/** A caller waits for the answer; who sends a message does not. */
function mostOf(over: Span, span: Span): bigint | null {
  if (over.kind === "PRODUCER" || isUnfinished(over) || isUnfinished(span)) return null;
  const most = endOf(over) - endOf(span);
  return most >= over.startNs - span.startNs ? most : null;
}

/** 0 where the clocks fit. In the middle of what is possible, as a call's way there and back are taken to be alike. */
function estimate({ least, most }: Between): bigint {
  if (least <= TOLERATED_NS) return 0n;
  return most !== null && most >= least ? (least + most) / 2n : least;
}
