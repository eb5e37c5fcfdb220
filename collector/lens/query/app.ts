/** The page and the query API as one application. */
import { Hono, type HonoRequest } from "hono";
import { isOwnOrigin, mayAsk } from "../access.ts";
import type { Counts } from "../counts.ts";
import { logToJson } from "../journey/json.ts";
import type { StoreReader } from "../store/read/store-reader.ts";
import type { Log } from "../threads/thread-log.ts";
import { integrityReader } from "./integrity.ts";
import { jaegerApi } from "./jaeger.ts";
import { journeyText } from "./journey-text.ts";
import type { Journeys } from "./journeys.ts";
import { findLogs, latestLogs } from "./logs.ts";
import { metricsApi } from "./metrics.ts";
import { type EvictedOf, METRICS_CONTENT_TYPE, renderForwarding, renderMetrics } from "./metrics-text.ts";
import { countParam, cursorOf, cursorParam, firstOf, flagParam } from "./params.ts";
import { Problem, problemResponse } from "./problem.ts";

export interface QueryDependencies {
  readonly store: StoreReader;
  /** Resolves when everything that was answered until now is in the store. */
  readonly sync: () => Promise<void>;
  readonly counts: Counts;
  readonly evicted: EvictedOf;
  /** Bytes that the store may use. */
  readonly limitBytes: number;
  /** True when all is sent on to another backend. */
  readonly isForwarding: boolean;
  readonly journeys: Journeys;
  /** Names of the attributes that the store indexes. */
  readonly indexed: ReadonlySet<string>;
  readonly log: Pick<Log, "error">;
  /** Names by which lens may be asked, beside those of this machine. */
  readonly hosts: ReadonlySet<string>;
  /** The HTML of `/`, made when it is asked for: by then the addresses are known. */
  readonly page: () => string;
}

/** What says nothing of what is stored may be asked by any name: probes and scrapers have names of their own. */
const OPEN: ReadonlySet<string> = new Set(["/healthz", "/metrics"]);
const MAX_JOURNEYS = 200;
const MAX_LOGS = 10_000;

/** Everything that answers on lens' own port. Errors are problem details (RFC 9457). */
export function queryApp(dependencies: QueryDependencies): Hono {
  const { store, journeys, indexed, log, page } = dependencies;
  const app = new Hono();
  app.onError((error, c) => {
    // The client has gone: nothing failed, and this answer is not read.
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
  app.use(async (c, next) => {
    checkAsker(c.req, dependencies.hosts);
    await next();
  });
  app.get("/", (c) => c.html(page()));
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  const integrity = integrityReader(async (limit) =>
    (await journeys.latest({ limit, service: null })).journeys.map(({ state }) => state),
  );
  // A client that was told that its telemetry was taken may ask for it.
  app.use(async (_, next) => {
    await dependencies.sync();
    await next();
  });
  app.get("/metrics", async (c) => {
    const { counts, limitBytes, evicted, isForwarding } = dependencies;
    const text = renderMetrics(counts, limitBytes, evicted, await integrity());
    return c.body(isForwarding ? text + renderForwarding(counts) : text, 200, {
      "content-type": METRICS_CONTENT_TYPE,
    });
  });
  app.route("/api/v3", jaegerApi(store, indexed));
  app.route("/api/metrics", metricsApi(store));

  app.get("/api/journeys", async (c) => {
    const params = new URL(c.req.url).searchParams;
    const limit = countParam(firstOf(params, "limit"), 20, MAX_JOURNEYS);
    const before = cursorParam(firstOf(params, "cursor"));
    const {
      journeys: found,
      next,
      partial,
    } = await journeys.latest({ limit, service: params.get("service"), before });
    const more = next === undefined ? {} : { cursor: cursorOf(next) };
    return c.json({ journeys: found.map(({ summary }) => summary), ...more, ...(partial && { partial }) });
  });

  app.get("/api/journeys/:id", async (c) => {
    const withLogs = flagParam(new URL(c.req.url).searchParams, "logs");
    const found = await journeys.find(c.req.param("id"), c.req.raw.signal);
    if (!found) throw new Problem(404, "no span with this trace, correlation or order id is here");
    const { signal } = c.req.raw;
    const logs = withLogs ? await findLogs(store, { ...found.journey, limit: MAX_LOGS }, signal) : null;
    return c.body(await journeyText(found, logs, signal), 200, {
      "content-type": "application/json",
    });
  });

  app.get("/api/logs", async (c) => {
    const params = new URL(c.req.url).searchParams;
    const correlationId = params.get("correlation_id") ?? "";
    const traceId = params.get("trace_id")?.toLowerCase() ?? "";
    const service = params.get("service") ?? "";
    if (!correlationId && !traceId && !service)
      throw new Problem(400, "give correlation_id, trace_id or service");
    const limit = countParam(firstOf(params, "limit"), 1000, MAX_LOGS);
    if (!correlationId && !traceId) {
      const { logs: latest, more } = latestLogs(store, service, limit);
      return c.json({ logs: latest.map(logToJson), leftOut: 0, more });
    }
    const query = { traceIds: traceId ? [traceId] : [], correlationId, limit };
    const { logs, leftOut, partial } = await findLogs(store, query, c.req.raw.signal);
    return c.json({ logs: logs.map(logToJson), leftOut, ...(partial && { partial }) });
  });
  return app;
}

/** Throws a Problem 403 unless it is asked by a name of its own, and by no page but its own. */
function checkAsker(request: HonoRequest, hosts: ReadonlySet<string>): void {
  const { host, protocol } = new URL(request.url);
  const asked = request.header("host") ?? host;
  if (!isOwnOrigin(request.header("origin"), `${protocol}//${asked}`))
    throw new Problem(403, "pages of other origins may not ask");
  if (!OPEN.has(request.path) && !mayAsk(asked, hosts))
    throw new Problem(403, "lens is not asked by this name; LENS_HOSTS has those that it is asked by");
}
