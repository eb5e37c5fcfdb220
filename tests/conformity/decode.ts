/**
 * OTLP's requests as they came over the wire to what the judge takes. Spans and log records go by lens' own reader;
 * metrics, which lens only counts, are read here.
 *
 * Source: opentelemetry-proto 1.9, https://github.com/open-telemetry/opentelemetry-proto
 */
import { Cursor } from "../../collector/lens/otlp/cursor.ts";
import { kindName } from "../../collector/lens/otlp/decode.ts";
import { decodeJson, type Json, readMessage } from "../../collector/lens/otlp/json/out.ts";
import type {
  Attributes,
  EmittedLog,
  EmittedMetric,
  EmittedSpan,
  Instrument,
  Origin,
  Point,
  Scope,
  SpanStatus,
  Value,
  ValueType,
} from "./judge/emitted.ts";

type Fields = { readonly [key: string]: Json };

const fields = (json: Json | undefined): Fields =>
  typeof json === "object" && !Array.isArray(json) ? json : {};
const list = (json: Json | undefined): readonly Fields[] => (Array.isArray(json) ? json.map(fields) : []);
const text = (json: Json | undefined): string => (typeof json === "string" ? json : "");
const number = (json: Json | undefined): number => Number(json ?? 0);

const SCALARS = [
  ["stringValue", "string"],
  ["boolValue", "boolean"],
  ["intValue", "int"],
  ["doubleValue", "double"],
] as const satisfies readonly (readonly [string, ValueType])[];

/** An AnyValue with its type. */
function typed(any: Fields): Value {
  for (const [field, type] of SCALARS) {
    const value = any[field];
    if (value !== undefined) return { type, value: type === "int" ? Number(value) : value };
  }
  if (any.arrayValue === undefined) return { type: "other", value: any };
  const items = list(fields(any.arrayValue).values).map(typed);
  const types = new Set(items.map(({ type }) => type));
  const [only = "string"] = types;
  const isPlain = types.size <= 1 && SCALARS.some(([, type]) => type === only);
  return {
    type: isPlain ? (`${only}[]` as ValueType) : "other",
    value: items.map(({ value }) => value),
  };
}

const attributesOf = (json: Json | undefined): Attributes =>
  new Map(list(json).map(({ key, value }) => [text(key), typed(fields(value))]));

const scopeOf = (scope: Fields, schemaUrl: Json | undefined): Scope => ({
  name: text(scope.name),
  version: text(scope.version),
  schemaUrl: text(schemaUrl),
  attributes: attributesOf(scope.attributes),
});

/** Each item of a request below its resource and scope. */
function* items(
  request: Fields,
  resources: string,
  scopes: string,
  what: string,
): Generator<[Fields, Origin]> {
  for (const held of list(request[resources])) {
    const resource = attributesOf(fields(held.resource).attributes);
    for (const one of list(held[scopes])) {
      const origin = { resource, scope: scopeOf(fields(one.scope), one.schemaUrl) };
      for (const item of list(one[what])) yield [item, origin];
    }
  }
}

const STATUSES: readonly SpanStatus[] = ["UNSET", "OK", "ERROR"];

/** The spans of an ExportTraceServiceRequest. */
export function spansOf(body: Buffer): EmittedSpan[] {
  const request = decodeJson("TracesRequest", body);
  return [...items(request, "resourceSpans", "scopeSpans", "spans")].map(([span, origin]) => ({
    signal: "span",
    origin,
    traceId: text(span.traceId),
    spanId: text(span.spanId),
    parentSpanId: text(span.parentSpanId).replace(/^0+$/, ""),
    name: text(span.name),
    kind: kindName(number(span.kind)),
    status: STATUSES[number(fields(span.status).code)] ?? "UNSET",
    durationMs: Number(BigInt(text(span.endTimeUnixNano)) - BigInt(text(span.startTimeUnixNano))) / 1e6,
    attributes: attributesOf(span.attributes),
    links: list(span.links).map((link) => attributesOf(link.attributes)),
    linkedTraces: list(span.links).map(({ traceId }) => text(traceId)),
    events: list(span.events).map((event) => ({
      name: text(event.name),
      attributes: attributesOf(event.attributes),
    })),
  }));
}

/** The log records of an ExportLogsServiceRequest. */
export function logsOf(body: Buffer): EmittedLog[] {
  const request = decodeJson("LogsRequest", body);
  return [...items(request, "resourceLogs", "scopeLogs", "logRecords")].map(([log, origin]) => ({
    signal: "log",
    origin,
    eventName: text(log.eventName),
    severity: number(log.severityNumber),
    severityText: text(log.severityText),
    body: typed(fields(log.body)),
    attributes: attributesOf(log.attributes),
  }));
}

/** The metrics of an ExportMetricsServiceRequest. */
export function metricsOf(body: Buffer): EmittedMetric[] {
  const metrics: EmittedMetric[] = [];
  each(new Cursor(body), {
    1: (held) => {
      let resource: Attributes = new Map();
      const scopes: { scope: Fields; schemaUrl: string; found: Omit<EmittedMetric, "origin">[] }[] = [];
      each(held, {
        1: (cursor) => {
          resource = attributesOf(readMessage(cursor, "Resource", 0).attributes);
        },
        2: (cursor) => {
          const one: (typeof scopes)[number] = { scope: {}, schemaUrl: "", found: [] };
          scopes.push(one);
          each(cursor, {
            1: (inner) => {
              one.scope = readMessage(inner, "InstrumentationScope", 0);
            },
            2: (inner) => {
              one.found.push(metricOf(inner));
            },
            3: (_, url) => {
              one.schemaUrl = url.toString();
            },
          });
        },
      });
      for (const { scope, schemaUrl, found } of scopes) {
        const origin = { resource, scope: scopeOf(scope, schemaUrl) };
        metrics.push(...found.map((metric) => ({ ...metric, origin })));
      }
    },
  });
  return metrics;
}

/** By the number of the field in Metric that holds the points. A sum says itself whether it only rises. */
const INSTRUMENTS: Readonly<Record<number, Instrument>> = {
  5: "gauge",
  7: "updowncounter",
  9: "histogram",
  10: "other",
  11: "other",
};

function metricOf(metric: Cursor): Omit<EmittedMetric, "origin"> {
  let [name, description, unit] = ["", "", ""];
  let instrument: Instrument = "other";
  const points: Point[] = [];
  const data = (field: number) => (cursor: Cursor) => {
    instrument = INSTRUMENTS[field] ?? "other";
    each(
      cursor,
      { 1: (point) => points.push(pointOf(point, instrument)) },
      { 3: (isMonotonic) => (instrument = field === 7 && isMonotonic ? "counter" : instrument) },
    );
  };
  each(metric, {
    1: (_, bytes) => {
      name = bytes.toString();
    },
    2: (_, bytes) => {
      description = bytes.toString();
    },
    3: (_, bytes) => {
      unit = bytes.toString();
    },
    ...Object.fromEntries(Object.keys(INSTRUMENTS).map((field) => [field, data(Number(field))])),
  });
  return { signal: "metric", name, description, unit, instrument, points };
}

/** A number's attributes are field 7; a histogram's are field 9, and its bounds, packed, field 7. */
function pointOf(point: Cursor, instrument: Instrument): Point {
  const attributes: Fields[] = [];
  const bounds: number[] = [];
  const attribute = (cursor: Cursor) => attributes.push(readMessage(cursor, "KeyValue", 0));
  if (instrument !== "histogram") each(point, { 7: attribute });
  else {
    each(point, {
      7: (_, bytes) => {
        for (let at = 0; at + 8 <= bytes.length; at += 8) bounds.push(bytes.readDoubleLE(at));
      },
      9: attribute,
    });
  }
  const read = new Map(attributes.map(({ key, value }) => [text(key), typed(fields(value))]));
  return instrument === "histogram" ? { attributes: read, bounds } : { attributes: read };
}

/**
 * Calls, for each field of the message at the cursor, what `read` has for its number: with a cursor inside it and its
 * bytes. `flags`: likewise for varints.
 */
function each(
  cursor: Cursor,
  read: Readonly<Record<number, (inside: Cursor, bytes: Buffer) => unknown>>,
  flags: Readonly<Record<number, (value: number) => unknown>> = {},
): void {
  while (cursor.more()) {
    const tag = cursor.tag();
    const [field, wire] = [tag >>> 3, tag & 7];
    if (wire === 2 && read[field]) {
      const bytes = cursor.view();
      read[field](new Cursor(bytes), bytes);
    } else if (wire === 0 && flags[field]) flags[field](cursor.uint());
    else cursor.skip(tag);
  }
}
