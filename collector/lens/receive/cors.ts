/**
 * What a browser asks before a page of another origin may send telemetry, and what it must be told afterwards. Only
 * OTLP is open to pages, and only to those that may send (access.ts).
 *
 * Source: https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import type { IncomingHttpHeaders } from "node:http";

/** A browser may believe the answer for so long. */
const MAX_AGE_S = 7_200;

/** What every answer to a page says. `origin`: one that may send. Without one, nothing. */
export function corsHeaders(origin: string | undefined): Record<string, string> {
  if (origin === undefined) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": "Retry-After",
  };
}

/** The answer to a preflight of a page that may send: all headers that it names are let through. */
export function preflightHeaders(asked: IncomingHttpHeaders): Record<string, string> {
  const names = String(asked["access-control-request-headers"] ?? "");
  return {
    ...corsHeaders(asked.origin),
    vary: "Origin, Access-Control-Request-Headers",
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": /^[\w!#$%&'*+.^`|~, -]*$/.test(names) ? names : "content-type",
    "access-control-max-age": String(MAX_AGE_S),
    ...(asked["access-control-request-private-network"] === "true" && {
      "access-control-allow-private-network": "true",
    }),
  };
}
