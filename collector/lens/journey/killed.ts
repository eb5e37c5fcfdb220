/**
 * Orphans of a process that was killed, told apart from all others: a process that ends by SIGKILL takes with it the
 * spans that it had not yet sent. Those are the only ones that may be missing; any other orphan is a dropped hand-over.
 */
import { ATTR, BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { Journey, Span, SpanKey } from "./model.ts";
import { numberOf, textOf } from "./read.ts";

/** A process that was killed. */
export interface Death {
  readonly service: string;
  /** `service.instance.id`; empty when it is not known. */
  readonly instanceId: string;
  /** Unix nanoseconds. */
  readonly atNs: bigint;
}

export interface SplitOrphans {
  /** The missing parent may have died with its process. */
  readonly killed: readonly SpanKey[];
  /** Nothing explains these. */
  readonly orphans: readonly SpanKey[];
}

/**
 * How long a span may live after its child or its message began: the longest deadline of a request, and the time that
 * an ended span waits to be sent. A death later than that found the span sent already.
 */
const OUTLIVES_NS = 20_000_000_000n;
/** Clocks of two processes on one machine, and the milliseconds in which waits are counted. */
const SLACK_NS = 50_000_000n;
/** OTLP's span flags: whether the parent was in another process is known, and what it is. */
const REMOTE_IS_KNOWN = 0x100;
const REMOTE = 0x200;

/** Splits the orphans of `journey` by what `deaths` can explain. */
export function splitOrphans(journey: Journey, deaths: readonly Death[]): SplitOrphans {
  const byKey = new Map(journey.spans.map(({ key, span }) => [key, span]));
  const explained = (key: SpanKey): boolean => {
    const span = byKey.get(key);
    if (span === undefined) return false;
    const fromNs = handedOverNs(span, journey) - SLACK_NS;
    return deaths.some((death) => explains(death, span, fromNs));
  };
  return {
    killed: journey.orphans.filter(explained),
    orphans: journey.orphans.filter((key) => !explained(key)),
  };
}

function explains(death: Death, orphan: Span, fromNs: bigint): boolean {
  if (death.atNs < fromNs || death.atNs > fromNs + OUTLIVES_NS) return false;
  // What hangs by a link has lost its creation context, which may have been anywhere, in the own process too.
  if (hangsByLink(orphan)) return true;
  // The parent was in the orphan's own process: only that one's death explains it.
  if ((orphan.flags & REMOTE_IS_KNOWN) !== 0 && (orphan.flags & REMOTE) === 0) {
    const instance = textOf(orphan.resource, ATTR.serviceInstanceId);
    return death.service === orphan.service && (death.instanceId === "" || death.instanceId === instance);
  }
  // A call comes from another service.
  return orphan.kind !== "SERVER" || death.service !== orphan.service;
}

const hangsByLink = (span: Span): boolean => span.kind === "CONSUMER" || span.parentSpanId === "";

/**
 * When the missing span was there for certain. A message's creation: the orphan's start, less the time that the message
 * lay somewhere (of a batch, its first message's). A parent: the orphan's own start. What else hangs by a link, such as
 * a resumed saga, began with the oldest span there is of the trace that it links to.
 */
function handedOverNs(orphan: Span, journey: Journey): bigint {
  const waited = waitedNs(orphan);
  if (waited !== null || !hangsByLink(orphan)) return orphan.startNs - (waited ?? 0n);
  const spans = journey.spans.map(({ span }) => span);
  const messages = spans.filter(
    ({ traceId, parentSpanId }) => traceId === orphan.traceId && parentSpanId === orphan.spanId,
  );
  const ofMessages = messages.flatMap((message) => {
    const ns = waitedNs(message);
    return ns === null ? [] : [message.startNs - ns];
  });
  const linked = new Set(orphan.links.map(({ traceId }) => traceId));
  const ofTrace = spans.filter(({ traceId }) => linked.has(traceId)).map(({ startNs }) => startNs);
  return earliest(ofMessages) ?? earliest(ofTrace) ?? orphan.startNs;
}

/** How long a message lay in outbox, stream and queue; null of what is no message. */
function waitedNs(span: Span): bigint | null {
  const waits = [BATON.waitOutbox, BATON.waitStream, BATON.waitJob].flatMap(
    (name) => numberOf(span.attributes, name) ?? [],
  );
  if (waits.length === 0) return null;
  return BigInt(Math.round(waits.reduce((sum, wait) => sum + wait, 0) * 1e9));
}

const earliest = (times: readonly bigint[]): bigint | undefined =>
  times.length === 0 ? undefined : times.reduce((a, b) => (b < a ? b : a));
