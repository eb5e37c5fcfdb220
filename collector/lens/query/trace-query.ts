/**
 * Jaeger's search parameters, read from a URL.
 *
 * Source: https://github.com/jaegertracing/jaeger, the package apiv3
 */
import { countParam, cursorParam, durationParam, firstOf, timeParam } from "./params.ts";
import { Problem } from "./problem.ts";

export interface TraceQuery {
  /** Empty for any. */
  readonly service: string;
  readonly operation: string;
  /** Attributes of the span or its resource, values as text. */
  readonly attributes: ReadonlyMap<string, string>;
  /** The span's start, from `startNs` up to but not including `endNs`. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly leastNs: bigint | null;
  readonly mostNs: bigint | null;
  readonly limit: number;
  /** Where the search before this one stopped: the number of the last trace that it looked at. */
  readonly before: number | undefined;
}

const PRESET_TRACES = 100;
const MAX_TRACES = 1000;

/** Reads `query.*` in both of Jaeger's spellings. Throws a Problem 400; both times are mandatory. */
export function parseTraceQuery(params: URLSearchParams): TraceQuery {
  const start = firstOf(params, "query.startTimeMin", "query.start_time_min");
  const end = firstOf(params, "query.startTimeMax", "query.start_time_max");
  if (!start || !end) throw new Problem(400, "query.start_time_min and query.start_time_max are required");
  const least = firstOf(params, "query.durationMin", "query.duration_min");
  const most = firstOf(params, "query.durationMax", "query.duration_max");
  const limit = firstOf(params, "query.searchDepth", "query.search_depth", "query.num_traces");
  return {
    service: firstOf(params, "query.serviceName", "query.service_name")?.value ?? "",
    operation: firstOf(params, "query.operationName", "query.operation_name")?.value ?? "",
    attributes: parseAttributes(params),
    startNs: timeParam(start),
    endNs: timeParam(end),
    leastNs: least && durationParam(least),
    mostNs: most && durationParam(most),
    limit: countParam(limit, PRESET_TRACES, MAX_TRACES),
    before: cursorParam(firstOf(params, "cursor")),
  };
}

/** `query.attributes={"key":"value"}` as Jaeger takes it over HTTP, or `query.attributes[key]=value`. */
function parseAttributes(params: URLSearchParams): Map<string, string> {
  const attributes = new Map<string, string>();
  const json = params.get("query.attributes");
  if (json) for (const [key, value] of parseStringMap(json)) attributes.set(key, value);
  for (const [name, value] of params) {
    const key = /^query\.attributes\[(.+)\]$/.exec(name)?.[1];
    if (key) attributes.set(key, value);
  }
  return attributes;
}

function parseStringMap(json: string): [string, string][] {
  const wrong = new Problem(400, "malformed parameter query.attributes: it must be a JSON object of strings");
  let map: unknown;
  try {
    map = JSON.parse(json);
  } catch {
    throw wrong;
  }
  if (typeof map !== "object" || map === null || Array.isArray(map)) throw wrong;
  return Object.entries(map).map(([key, value]) => {
    if (typeof value !== "string") throw wrong;
    return [key, value];
  });
}
