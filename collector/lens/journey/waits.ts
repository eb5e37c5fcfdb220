import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import { estimatedWaits } from "./estimate.ts";
import type { JourneySpan, Span, Wait, WaitKind } from "./model.ts";
import { messageIdOf } from "./names.ts";
import { byStart, compareText } from "./order.ts";
import { numberOf, textOf } from "./read.ts";
import type { Clocks } from "./skew.ts";

/** No wait is drawn as longer than this: what claims more is a broken clock. */
const longestWaitSeconds = 366 * 24 * 3600;

/**
 * The times in which a message or job lay somewhere, by start: read from the attributes of the spans that ended them,
 * and estimated where a span has none. A message waits in the outbox once, however many consumers report it: its `send`
 * span is believed first. `spans`: those of the journey that count, in tree order; `clocks` of the same.
 */
export function waitsOf(spans: readonly JourneySpan[], clocks: Clocks): readonly Wait[] {
  const inOutbox = new Map<string, Wait>();
  const others: Wait[] = [];
  const ordered = spans
    .filter(({ span, shared }) => !shared && isMeasured(span))
    .sort((a, b) => byStart(a.span, b.span));
  const senders = ordered.filter(({ span }) => span.kind !== "CONSUMER");
  const consumers = ordered.filter(({ span }) => span.kind === "CONSUMER");
  for (const { span, key } of [...senders, ...consumers]) {
    const message = messageIdOf(span) || key;
    const stream = waitBefore(span, key, "stream", span.startNs);
    const outbox = waitBefore(span, key, "outbox", stream?.startNs ?? span.startNs);
    const job = waitBefore(span, key, "job", span.startNs);
    if (outbox && !inOutbox.has(message)) inOutbox.set(message, outbox);
    if (stream && span.kind === "CONSUMER") others.push(stream);
    if (job && span.kind === "CONSUMER") others.push(job);
  }
  const estimated = estimatedWaits(spans, clocks, isMeasured);
  return [...inOutbox.values(), ...others, ...estimated].sort(byWaitStart);
}

const attributeOf = { outbox: BATON.waitOutbox, stream: BATON.waitStream, job: BATON.waitJob } as const;

/** True when the span says itself how long its message waited, if only that it did not. */
const isMeasured = ({ attributes }: Span): boolean =>
  Object.values(attributeOf).some((name) => Object.hasOwn(attributes, name));

function waitBefore(
  span: Span,
  key: Wait["key"],
  kind: Exclude<WaitKind, "message">,
  endNs: bigint,
): Wait | null {
  const seconds = numberOf(span.attributes, attributeOf[kind]);
  if (seconds === null || seconds <= 0 || seconds > longestWaitSeconds) return null;
  const since = kind === "job" ? textOf(span.attributes, BATON.waitJobSince) : "";
  const measured = { estimated: false, restsOn: "attributes", from: null } as const;
  return { kind, key, startNs: endNs - BigInt(Math.round(seconds * 1e9)), endNs, since, ...measured };
}

function byWaitStart(a: Wait, b: Wait): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1;
  return compareText(a.key, b.key) || compareText(a.kind, b.kind);
}
