/**
 * Waits of applications that measure none: the gap from a message's creation or send to its process, by parent or link.
 */
import { ATTR } from "../../../services/_kit/telemetry/conventions.ts";
import type { JourneySpan, Span, SpanKey, Wait, WaitKind } from "./model.ts";
import { systemOf, wordOf } from "./names.ts";
import type { Clocks } from "./skew.ts";
import { endOf, isUnfinished } from "./times.ts";

/** Shorter gaps are within what clocks and SDKs round. */
const LEAST_NS = 1_000_000n;

/** Systems whose messages are jobs, and those that keep a log. */
const JOBS: ReadonlySet<string> = new Set([
  "bullmq",
  "celery",
  "rq",
  "sidekiq",
  "resque",
  "que",
  "faktory",
  "hangfire",
]);
const STREAMS: ReadonlySet<string> = new Set([
  "kafka",
  "nats",
  "pulsar",
  "eventhubs",
  "kinesis",
  "redis_streams",
]);

/**
 * The waits before those spans that handle a message and say nothing of it. `spans`: in tree order, those that count;
 * `isMeasured`: whether a span says itself how long its message waited.
 */
export function estimatedWaits(
  spans: readonly JourneySpan[],
  clocks: Clocks,
  isMeasured: (span: Span) => boolean,
): readonly Wait[] {
  const byKey = new Map(spans.map((one) => [one.key, one]));
  const told = new Set(spans.filter(({ span }) => isMeasured(span)).map(placeOf));
  const lastRun = new Map<string, JourneySpan>();
  const waits: Wait[] = [];
  for (const placed of spans) {
    const { key, span } = placed;
    const sender = handlesMessage(span) && !isMeasured(span) ? senderOf(placed, byKey) : undefined;
    if (!sender) continue;
    // The spans that process what this one has received say how long it lay.
    if (operationOf(span) === "receive" && told.has(placeOf(placed))) continue;
    // What was tried before, or runs again and again, waited since its last run.
    const task = JSON.stringify([sender.key, span.service, span.name]);
    const before = lastRun.get(task);
    lastRun.set(task, placed);
    const from = before ?? sender;
    const ready =
      (isUnfinished(from.span) ? from.span.startNs : endOf(from.span)) + clocks.offsetOf(from.span);
    const gap = span.startNs + clocks.offsetOf(span) - ready;
    if (gap < LEAST_NS) continue;
    waits.push({
      kind: kindOf(span, sender.span),
      key,
      startNs: span.startNs - gap,
      endNs: span.startNs,
      since: before ? "the run before" : sender.span.kind === "PRODUCER" ? "sent" : "received",
      estimated: true,
      restsOn: before ? "previous" : placed.edge === "child" ? "parent" : "link",
      from: from.key,
    });
  }
  return waits;
}

/** What a span hangs on, and the service that it is of. */
const placeOf = ({ under, span }: JourneySpan): string => JSON.stringify([under, span.service]);

const operationOf = (span: Span): string => wordOf(span.attributes, ATTR.operationType);

const RECEIVING: ReadonlySet<string> = new Set(["process", "receive", "deliver"]);

/** A CONSUMER, or what says that it takes a message. */
const handlesMessage = (span: Span): boolean =>
  span.kind === "CONSUMER" || (span.kind !== "PRODUCER" && RECEIVING.has(operationOf(span)));

/** The span that sent what this one handles: what it hangs on, if that sends. */
function senderOf({ under }: JourneySpan, byKey: ReadonlyMap<SpanKey, JourneySpan>): JourneySpan | undefined {
  const over = under === null ? undefined : byKey.get(under);
  if (!over) return undefined;
  const { kind, attributes } = over.span;
  const isSend =
    kind === "PRODUCER" || ["publish", "send", "create"].includes(wordOf(attributes, ATTR.operationType));
  return isSend ? over : undefined;
}

function kindOf(span: Span, sender: Span): WaitKind {
  const system = systemOf(span) || systemOf(sender);
  return JOBS.has(system) ? "job" : STREAMS.has(system) ? "stream" : "message";
}
