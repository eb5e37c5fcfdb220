/**
 * Journeys as JSON. Only times change: nanoseconds since 1970 do not fit a JSON number, so each becomes a
 * string of decimal digits.
 */
import type { Journey, JourneySpan, LogRecord, Span, SpanEvent, Wait } from "./model.ts";

type Texts<T, Times extends keyof T> = Omit<T, Times> & Readonly<Record<Times, string>>;

export type SpanEventJson = Texts<SpanEvent, "timeNs">;
export type SpanJson = Texts<Omit<Span, "events">, "startNs" | "endNs"> & {
  readonly events: readonly SpanEventJson[];
};
export type JourneySpanJson = Omit<JourneySpan, "span"> & { readonly span: SpanJson };
export type WaitJson = Texts<Wait, "startNs" | "endNs">;
export type LogRecordJson = Texts<LogRecord, "timeNs">;
export type JourneyJson = Texts<Omit<Journey, "spans" | "waits">, "startNs" | "endNs"> & {
  readonly spans: readonly JourneySpanJson[];
  readonly waits: readonly WaitJson[];
};

/** Made of what `JSON.stringify` takes. */
export function journeyToJson(journey: Journey): JourneyJson {
  return {
    ...timesToText(journey),
    spans: journey.spans.map(placedToJson),
    waits: journey.waits.map(timesToText),
  };
}

/** The reverse. Throws SyntaxError when a time is not a whole decimal number. */
export function journeyFromJson(json: JourneyJson): Journey {
  return {
    ...timesFromText(json),
    spans: json.spans.map((placed) => ({ ...placed, span: spanFromJson(placed.span) })),
    waits: json.waits.map(timesFromText),
  };
}

/** One log record, made of what `JSON.stringify` takes. */
export const logToJson = (log: LogRecord): LogRecordJson => ({ ...log, timeNs: `${log.timeNs}` });

/** The reverse. Throws SyntaxError when the time is not a whole decimal number. */
export const logFromJson = (json: LogRecordJson): LogRecord => ({ ...json, timeNs: BigInt(json.timeNs) });

/** One span at its place, made of what `JSON.stringify` takes. */
export const placedToJson = (placed: JourneySpan): JourneySpanJson => ({
  ...placed,
  span: spanToJson(placed.span),
});

function spanToJson(span: Span): SpanJson {
  return {
    ...timesToText(span),
    events: span.events.map((event) => ({ ...event, timeNs: `${event.timeNs}` })),
  };
}

function spanFromJson(json: SpanJson): Span {
  return {
    ...timesFromText(json),
    events: json.events.map((event) => ({ ...event, timeNs: BigInt(event.timeNs) })),
  };
}

function timesToText<T extends { readonly startNs: bigint; readonly endNs: bigint }>(of: T) {
  return { ...of, startNs: `${of.startNs}`, endNs: `${of.endNs}` };
}

function timesFromText<T extends { readonly startNs: string; readonly endNs: string }>(of: T) {
  return { ...of, startNs: BigInt(of.startNs), endNs: BigInt(of.endNs) };
}
