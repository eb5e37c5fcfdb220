/** The queries that people and tools send to lens, and how long each takes. */
import { correlationIdOf, orderIdOf, type Shape, traceIdOf, tracesIn, USUAL } from "./spans.ts";

/** A time range that holds everything. */
const EVER = "query.startTimeMin=2000-01-01T00:00:00Z&query.startTimeMax=2100-01-01T00:00:00Z";

/** The path of each query; `group` is a group whose traces are stored completely. */
const QUERIES = {
  trace: (group: number, index: number) => `/api/v3/traces/${traceIdOf(group, index)}`,
  correlation: (group: number, index: number) => `/api/journeys/${correlationIdOf(group, index)}`,
  order: (group: number, index: number) => `/api/journeys/${orderIdOf(group, index)}`,
  search: () => `/api/v3/traces?query.serviceName=payments&query.searchDepth=20&${EVER}`,
  list: () => "/api/journeys?limit=20",
} as const;
export type QueryName = keyof typeof QUERIES;
/** A search that finds nothing, and so reads spans until its time is up. */
export const heavyQuery = (): string => {
  const nothing = encodeURIComponent(JSON.stringify({ "db.query.text": crypto.randomUUID() }));
  return `/api/v3/traces?query.serviceName=payments&query.attributes=${nothing}&${EVER}`;
};
export const QUERY_NAMES = Object.keys(QUERIES) as QueryName[];

export interface Asked {
  readonly ms: number;
  /** 404: the trace has been evicted, or has not arrived yet. */
  readonly status: 200 | 404;
}

/**
 * Sends one query and reads its whole answer. `shape`: of the requests that the group came in. Rejects when lens
 * refuses or fails.
 */
export async function ask(url: string, name: QueryName, group: number, shape: Shape = USUAL): Promise<Asked> {
  const path = QUERIES[name](group, Math.floor(Math.random() * tracesIn(shape)));
  const beganMs = performance.now();
  const response = await fetch(`${url}${path}`);
  const body = await response.text();
  const ms = performance.now() - beganMs;
  const { status } = response;
  if (status !== 200 && status !== 404) throw new Error(`lens answered ${status} to ${path}: ${body}`);
  return { ms, status };
}
