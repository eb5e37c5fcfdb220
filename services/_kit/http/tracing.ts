/**
 * Hono under OpenTelemetry's http instrumentation. The instrumentation makes the SERVER span, and `edge.ts` decides
 * during its extraction which trace the span belongs to. This file gives the span its route and the answer its ids, and
 * ends the span of an answer that stays open.
 */
import type { ServerResponse } from "node:http";
import { context, trace } from "@opentelemetry/api";
import { getRPCMetadata, RPCType } from "@opentelemetry/core";
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { BAGGAGE } from "../telemetry/conventions.ts";
import { baggageEntry } from "../telemetry/propagation.ts";

/** The ids that every answer carries, if there are any. */
export function ids(): { correlationId?: string; traceId?: string } {
  const correlationId = baggageEntry(BAGGAGE.correlationId);
  const traceId = trace.getActiveSpan()?.spanContext().traceId;
  return {
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(traceId === undefined || /^0+$/.test(traceId) ? {} : { traceId }),
  };
}

/** Middleware for all paths: names the SERVER span after the route, and echoes the correlation id. */
export const tracing: MiddlewareHandler = async (c, next) => {
  nameRoute(c);
  const { correlationId } = ids();
  if (correlationId !== undefined) c.header("X-Correlation-ID", correlationId);
  await next();
};

/** The http instrumentation names its span after this when the response ends: `POST /api/v1/orders/:id`. */
function nameRoute(c: Context): void {
  const metadata = getRPCMetadata(context.active());
  // A route for every path is middleware.
  const route = matchedRoutes(c).find(({ path }) => path !== "*" && path !== "/*");
  if (metadata?.type === RPCType.HTTP && route !== undefined) metadata.route = route.path;
}

type Listener = (...args: unknown[]) => void;

/** The listeners for the response's end from before the app: those of the http instrumentation, which end its span. */
const atStart = new WeakMap<ServerResponse, readonly Listener[]>();

/** To be called for each request before the app gets it, so that `endServerSpan` works. */
export function noteServerSpan(response: ServerResponse): void {
  atStart.set(response, response.listeners("close") as Listener[]);
}

/**
 * Ends the SERVER span and its duration in the metrics now, for a response that may stay open for hours. The
 * instrumentation ends both at the response's `close`, so its listeners are called early and removed. Ending the span
 * by hand would leave out its name and status, and the metrics would count hours as the duration of a request.
 */
export function endServerSpan(response: ServerResponse): void {
  for (const listener of atStart.get(response) ?? []) {
    response.off("close", listener);
    listener.call(response);
  }
  atStart.delete(response);
}
