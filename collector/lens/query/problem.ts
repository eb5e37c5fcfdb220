/** Errors of the query API as RFC 9457 problem details. */
import type { Context } from "hono";

export type ProblemStatus = 400 | 403 | 404 | 405 | 500;

const TITLES: Readonly<Record<ProblemStatus, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
};

/** Thrown where a query is read; `detail` is for the person who asked. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: ProblemStatus;

  constructor(status: ProblemStatus, detail: string) {
    super(detail);
    this.status = status;
  }
}

/**
 * The answer for a problem. It also holds `error`, the form in which Jaeger says it, so that a client written for
 * Jaeger's API finds what it looks for.
 */
export function problemResponse(c: Context, status: ProblemStatus, detail: string): Response {
  const body = {
    type: "about:blank",
    title: TITLES[status],
    status,
    detail,
    error: { httpCode: status, message: detail },
  };
  return c.body(JSON.stringify(body), status, { "content-type": "application/problem+json" });
}
