/**
 * How a context is handed over through something that is not a call: a row, a message, a job. `place` is the
 * one function that decides between parent and link.
 *
 * - carrier: the context as text, to be stored: `traceparent`, `tracestate`, `baggage`.
 * - creation context: the context in which a message was made, the span `create X`. It is the same for every sending
 *   of the message, and every span that deals with the message refers to it.
 */
import {
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type SpanOptions,
  type TextMapGetter,
  trace,
} from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import { BAGGAGE, LINK } from "./conventions.ts";

export type Carrier = Record<string, string>;

/** How a consumer's span refers to the creation context: as its child, by a link, or both. */
export type AsyncMode = "parent+link" | "parent" | "link";
export const ASYNC_MODES: readonly AsyncMode[] = ["parent+link", "parent", "link"];

/** A message that is older than this is handled in a new trace, in every mode. */
const STALE_MS = 60_000;

/** When a span refers to a creation context: the rows of the table "the shape of each" in ARCHITECTURE.md. */
export type Moment =
  /** One attempt of a relay to send what an outbox holds. */
  | "send"
  /** A consumer or worker handles a message or job, any attempt. */
  | "process"
  /** A consumer handles one message of a batch, under the batch's `receive` span. */
  | "process in batch"
  /** A redrive, a replay, a scheduler's run, a resumed saga. */
  | "restart";

export interface Handover {
  readonly carrier: Carrier;
  /** When the message was created, Unix ms; undefined when not known. */
  readonly createdAtMs: number | undefined;
  /** The attempt before this one, if there was one and it is known. */
  readonly previousAttempt?: SpanContext | undefined;
  /** The batch's `receive` span, for the moment "process in batch". */
  readonly receive?: SpanContext | undefined;
}

/** Where a span goes: start it in `ctx` with `options`. Baggage is in `ctx` in every case. */
export interface Placement {
  readonly ctx: Context;
  readonly options: Pick<SpanOptions, "root" | "links">;
}

/** The context as text, to be stored unchanged in the row, the message's headers or the job. */
export function inject(ctx: Context = context.active()): Carrier {
  const carrier: Carrier = {};
  propagation.inject(ctx, carrier);
  return carrier;
}

/** Reads a carrier without regard to case: Go's clients write `Traceparent`. The name in lower case wins. */
const carrierGetter: TextMapGetter<Carrier> = {
  keys: (carrier) => Object.keys(carrier),
  get: caseless,
};

/** The value of a name in any case. The name in lower case wins. */
function caseless<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  const lower = name.toLowerCase();
  if (Object.hasOwn(entries, lower)) return entries[lower];
  const written = Object.keys(entries).find((key) => key.toLowerCase() === lower);
  return written === undefined ? undefined : entries[written];
}

/**
 * The context that a carrier holds. It always starts from the root context: what is active in a consumer (a poll,
 * another message) is not the origin of this message.
 */
export function extract(carrier: Carrier): Context {
  return propagation.extract(ROOT_CONTEXT, carrier, carrierGetter);
}

/** W3C's own bound on baggage. No service sends a longer field, which would not fit into a dead letter's headers. */
const MAX_FIELD_BYTES = 8_192;
const CARRIER_FIELDS = ["traceparent", "tracestate", "baggage"];

const isField = (value: unknown): value is string =>
  typeof value === "string" && Buffer.byteLength(value) <= MAX_FIELD_BYTES && !/\p{Cc}/u.test(value);

/**
 * The carrier among `entries`; the case of their names does not count. A value that is no valid field is left out: an
 * outsider may have written it.
 */
export function carrierOf(entries: Readonly<Record<string, unknown>>): Carrier {
  const carrier: Carrier = {};
  for (const field of CARRIER_FIELDS) {
    const found = caseless(entries, field);
    const value = isField(found) ? found : undefined;
    if (value) carrier[field] = value;
  }
  return carrier;
}

/** A span as W3C's `traceparent`. */
export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;

/** The span that a traceparent names; none when it is missing or broken. */
export function spanContextOf(traceparent: string): SpanContext | undefined {
  const found = parseTraceParent(traceparent);
  return found ? { ...found, isRemote: true } : undefined;
}

/** The value of one baggage entry of `ctx` (default: the active context), or undefined. */
export function baggageEntry(key: string, ctx: Context = context.active()): string | undefined {
  return propagation.getBaggage(ctx)?.getEntry(key)?.value;
}

/** The link to a message's creation context; none when its carrier holds no trace. */
export function creationLink(carrier: Carrier): Link | undefined {
  const creation = trace.getSpanContext(extract(carrier));
  return creation && { context: creation, attributes: { [LINK.reason]: LINK.creation } };
}

/**
 * Decides between parent and link: the table "the shape of each" in ARCHITECTURE.md.
 * `mode` is the process's default; the baggage entry `async` of the request overrides it.
 */
export function place(
  moment: Moment,
  handover: Handover,
  mode: AsyncMode,
  nowMs: number = Date.now(),
): Placement {
  const ctx = extract(handover.carrier);
  const links: Link[] = [];
  const creation = creationLink(handover.carrier);
  const hang = hangs(moment, handover, modeOf(ctx, mode), nowMs);
  if (creation && hang.link) links.push(creation);
  if (handover.previousAttempt) {
    links.push({ context: handover.previousAttempt, attributes: { [LINK.reason]: LINK.previousAttempt } });
  }
  if (hang.parent === "receive" && handover.receive) {
    return { ctx: trace.setSpanContext(ctx, handover.receive), options: { links } };
  }
  // `root` drops the parent and keeps the baggage.
  return { ctx, options: hang.parent === "creation" ? { links } : { links, root: true } };
}

function hangs(
  moment: Moment,
  handover: Handover,
  mode: AsyncMode,
  nowMs: number,
): { parent: string; link: boolean } {
  if (moment === "send") return { parent: "creation", link: true };
  if (moment === "process in batch" && handover.receive) return { parent: "receive", link: true };
  const stale = handover.createdAtMs !== undefined && nowMs - handover.createdAtMs > STALE_MS;
  if (moment === "restart" || stale || mode === "link") return { parent: "none", link: true };
  return { parent: "creation", link: mode === "parent+link" };
}

function modeOf(ctx: Context, fallback: AsyncMode): AsyncMode {
  const asked = baggageEntry(BAGGAGE.async, ctx);
  return ASYNC_MODES.find((mode) => mode === asked) ?? fallback;
}
