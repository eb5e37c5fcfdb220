/** Pages in a browser that call by gRPC-Web or Connect (Fetch standard, "CORS protocol"). */
import type { IncomingMessage, ServerResponse } from "node:http";
import { cors } from "@connectrpc/connect";
import { CONTEXT_HEADERS } from "../http/cors.ts";
import { CODE_HEADER, REASON_HEADER } from "./contract.ts";

/**
 * Allows a page of one of `origins` to call and to read the answer. True when this was a preflight, which is answered.
 * A request of another origin is served as usual: the browser keeps the answer from its page.
 */
export function answerCors(
  request: IncomingMessage,
  response: ServerResponse,
  origins: readonly string[],
): boolean {
  const { origin } = request.headers;
  if (origins.length === 0 || origin === undefined) return false;
  const preflight = request.method === "OPTIONS" && "access-control-request-method" in request.headers;
  response.setHeader("vary", "origin");
  if (origins.includes(origin)) {
    response.setHeader("access-control-allow-origin", origin);
    if (preflight) {
      response.setHeader("access-control-allow-methods", cors.allowedMethods.join(", "));
      response.setHeader(
        "access-control-allow-headers",
        [...cors.allowedHeaders, ...CONTEXT_HEADERS].join(", "),
      );
      response.setHeader("access-control-max-age", "600");
    } else {
      const exposed = [...cors.exposedHeaders, CODE_HEADER, REASON_HEADER];
      response.setHeader("access-control-expose-headers", exposed.join(", "));
    }
  }
  if (preflight) response.writeHead(204).end();
  return preflight;
}
