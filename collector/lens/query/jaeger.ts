/**
 * Jaeger's query API v3, so that one client serves lens and Jaeger: services, operations, a trace, a search. Traces
 * come as one `{"result": {"resourceSpans": [...]}}` in OTLP/JSON; nothing found is 404.
 *
 * Source: https://github.com/jaegertracing/jaeger, the package apiv3
 */
import { type Context, Hono } from "hono";
import { kindName } from "../otlp/decode.ts";
import { JsonText } from "../otlp/json/text.ts";
import type { StoreReader } from "../store/read/store-reader.ts";
import type { StoredTrace } from "../store/read/stored-trace.ts";
import { writeTraces } from "./otlp-json.ts";
import { cursorOf, firstOf } from "./params.ts";
import { Problem } from "./problem.ts";
import { findTraces } from "./search.ts";
import { parseTraceQuery } from "./trace-query.ts";

/**
 * What one answer may hold. What Jaeger's API has no words for stands in headers: `lens-spans-left-out`, and for a
 * search `lens-cursor` (hand it back as the parameter `cursor` to go on) and `lens-partial` (its time ran out).
 */
const BOUNDS = { spans: 20_000, bytes: 8 * 1024 * 1024 };

/** The routes below `/api/v3`. `indexed`: names of the attributes that the store indexes. */
export function jaegerApi(store: StoreReader, indexed: ReadonlySet<string>): Hono {
  return new Hono()
    .get("/services", (c) => c.json({ services: store.services() }))
    .get("/operations", (c) => c.json({ operations: operations(store, new URL(c.req.url).searchParams) }))
    .get("/traces", async (c) => {
      const query = parseTraceQuery(new URL(c.req.url).searchParams);
      const { traces, next, partial } = await findTraces(store, query, indexed, c.req.raw.signal);
      if (next !== undefined) c.header("lens-cursor", cursorOf(next));
      if (partial) c.header("lens-partial", "true");
      // Not a 404, which would say that there is nothing: there may be more behind the cursor.
      return traces.length === 0 && partial ? c.json({ result: { resourceSpans: [] } }) : answer(c, traces);
    })
    .get("/traces/:id", (c) => {
      const trace = store.trace(parseTraceId(c.req.param("id")));
      return answer(c, trace && trace.spanCount > 0 ? [trace] : []);
    });
}

function operations(store: StoreReader, params: URLSearchParams): { name: string; spanKind: string }[] {
  const service = params.get("service");
  if (!service) throw new Problem(400, "the parameter service is required");
  const wanted = firstOf(params, "spanKind", "span_kind")?.value.toLowerCase();
  const found = new Map<string, { name: string; spanKind: string }>();
  for (const { name, kind } of store.operations(service)) {
    // Jaeger shows a span without a kind as internal.
    const spanKind = kindName(kind === 0 ? 1 : kind).toLowerCase();
    if (!wanted || wanted === spanKind) found.set(`${spanKind} ${name}`, { name, spanKind });
  }
  return [...found.values()].sort((a, b) => compare(a.name, b.name) || compare(a.spanKind, b.spanKind));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** 64-bit ids, as older tracers make them, are the lower half of ours. */
function parseTraceId(id: string): string {
  if (!/^[0-9a-fA-F]{1,32}$/.test(id)) throw new Problem(400, "malformed parameter trace_id: it must be hex");
  return id.toLowerCase().padStart(32, "0");
}

function answer(c: Context, traces: readonly StoredTrace[]): Response {
  if (traces.length === 0) throw new Problem(404, "No traces found");
  const json = new JsonText();
  json.raw('{"result":{"resourceSpans":');
  const leftOut = writeTraces(json, traces, BOUNDS);
  json.raw("}}");
  if (leftOut > 0) c.header("lens-spans-left-out", String(leftOut));
  return c.body(json.bytes, 200, { "content-type": "application/json" });
}
