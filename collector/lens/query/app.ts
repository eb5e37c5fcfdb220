/** The page and the query API as one application. */
import { Hono } from "hono";
import type { Logger } from "pino";
import { type Counters, METRICS_CONTENT_TYPE, renderMetrics } from "../counters.ts";
import { journeyToJson, logToJson } from "../journey/json.ts";
import type { Store } from "../store/store.ts";
import { integrityReader } from "./integrity.ts";
import { jaegerApi } from "./jaeger.ts";
import { type Journeys, summaryOf } from "./journeys.ts";
import { findLogs } from "./logs.ts";
import { countParam, firstOf, flagParam } from "./params.ts";
import { Problem, problemResponse } from "./problem.ts";

export interface QueryDependencies {
  readonly store: Store;
  readonly counters: Counters;
  readonly journeys: Journeys;
  /** Names of the attributes that the store indexes. */
  readonly indexed: ReadonlySet<string>;
  readonly log: Logger;
  /** The HTML of `/`, made when it is asked for: by then the addresses are known. */
  readonly page: () => string;
}

const MAX_JOURNEYS = 200;
const MAX_LOGS = 10_000;
/** Spans of one journey. They come in tree order, so that what is left out leaves a whole tree. */
const MAX_SPANS = 20_000;

/** Everything that answers on lens' own port. Errors are problem details (RFC 9457). */
export function queryApp(dependencies: QueryDependencies): Hono {
  const { store, counters, journeys, indexed, log, page } = dependencies;
  const app = new Hono();
  app.onError((error, c) => {
    // Whoever asked has gone: nothing failed, and nobody reads this answer.
    if (c.req.raw.signal.aborted) return problemResponse(c, 500, "the request was given up");
    if (error instanceof Problem) return problemResponse(c, error.status, error.message);
    log.error({ err: error, path: c.req.path }, "a query failed");
    return problemResponse(c, 500, "lens failed to answer");
  });
  app.notFound((c) =>
    c.req.method === "GET" || c.req.method === "HEAD"
      ? problemResponse(c, 404, "there is nothing here; GET / lists what there is")
      : problemResponse(c, 405, "use GET"),
  );
  app.get("/", (c) => c.html(page()));
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  const integrity = integrityReader((limit) => journeys.latest(limit, null));
  app.get("/metrics", (c) =>
    c.body(renderMetrics(counters, store, integrity()), 200, { "content-type": METRICS_CONTENT_TYPE }),
  );
  app.route("/api/v3", jaegerApi(store, indexed));

  app.get("/api/journeys", (c) => {
    const params = new URL(c.req.url).searchParams;
    const limit = countParam(firstOf(params, "limit"), 20, MAX_JOURNEYS);
    return c.json({ journeys: journeys.latest(limit, params.get("service")).map(summaryOf) });
  });

  app.get("/api/journeys/:id", (c) => {
    const withLogs = flagParam(new URL(c.req.url).searchParams, "logs");
    const found = journeys.find(c.req.param("id"));
    if (!found) throw new Problem(404, "no span with this trace, correlation or order id is here");
    const { journey, others } = found;
    const body = {
      journey: journeyToJson({ ...journey, spans: journey.spans.slice(0, MAX_SPANS) }),
      others,
      spansLeftOut: Math.max(0, journey.spans.length - MAX_SPANS),
    };
    if (!withLogs) return c.json(body);
    const { logs, leftOut } = findLogs(store, { ...journey, limit: MAX_LOGS });
    return c.json({ ...body, logs: logs.map(logToJson), logsLeftOut: leftOut });
  });

  app.get("/api/logs", (c) => {
    const params = new URL(c.req.url).searchParams;
    const correlationId = params.get("correlation_id") ?? "";
    const traceId = params.get("trace_id")?.toLowerCase() ?? "";
    if (!correlationId && !traceId) throw new Problem(400, "give correlation_id or trace_id");
    const limit = countParam(firstOf(params, "limit"), 1000, MAX_LOGS);
    const { logs, leftOut } = findLogs(store, { traceIds: traceId ? [traceId] : [], correlationId, limit });
    return c.json({ logs: logs.map(logToJson), leftOut });
  });
  return app;
}
