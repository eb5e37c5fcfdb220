/**
 * The SERVER span of an RPC call. It starts before the call is understood and ends when the response closes, because
 * an interceptor sees neither bad JSON nor unknown methods, and a stream goes on long after it has answered.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { context, propagation, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import { ATTR, BATON, METRIC } from "../telemetry/conventions.ts";
import { seconds } from "../telemetry/metrics.ts";
import { fail, startSpan } from "../telemetry/span.ts";
import { REQUEST_ID_HEADER, statusName } from "./contract.ts";

/** gRPC's codes that are the server's own failure; the caller's are left unset (conventions, "gRPC server"). */
export const SERVER_FAILURES: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/** Runs `handle` inside the call's span. `method`: its full name, undefined when there is no such method. */
export function inServerSpan(
  request: IncomingMessage,
  response: ServerResponse,
  method: string | undefined,
  handle: () => void,
): void {
  const startedMs = performance.now();
  const grpc = request.headers["content-type"]?.startsWith("application/grpc") === true;
  const system = grpc ? "grpc" : "connectrpc";
  const attributes = { [ATTR.rpcSystem]: system, [ATTR.rpcMethod]: method ?? "_OTHER" };
  const requestId = request.headers[REQUEST_ID_HEADER];
  const parent = propagation.extract(ROOT_CONTEXT, request.headers);
  const span = startSpan(
    method ?? system,
    {
      kind: SpanKind.SERVER,
      attributes: {
        ...attributes,
        ...(typeof requestId === "string" ? { [BATON.requestId]: requestId } : {}),
      },
    },
    parent,
  );
  response.once("close", () => {
    const failed = finish(span, response);
    span.end();
    seconds(METRIC.rpcServerDuration).record((performance.now() - startedMs) / 1e3, {
      ...attributes,
      ...(failed === undefined ? {} : { [ATTR.errorType]: failed }),
    });
  });
  context.with(trace.setSpan(parent, span), handle);
}

const outcomes = new WeakMap<Span, Code>();

/**
 * Notes for the span with what code the call ends. Whatever the protocol, and whether a handler was reached or not,
 * its end aborts its context, with the error as the reason; gRPC's own place for the code, the trailers, is out of
 * sight for gRPC-Web and for Connect's streams, whose trailers are in the body.
 */
export function noteOutcome({ signal }: HandlerContext): void {
  const span = trace.getActiveSpan();
  if (span === undefined) return;
  signal.addEventListener("abort", () => {
    const reason: unknown = signal.reason;
    // An end without an error aborts as a client that goes away does, with a bare AbortError: `finish` tells them apart.
    if (reason instanceof ConnectError) outcomes.set(span, reason.code);
    else if (!(reason instanceof Error && reason.name === "AbortError")) outcomes.set(span, Code.Internal);
  });
}

/** The same for a call that is refused before there is a handler to have a context. */
export function noteRefusal(code: Code): void {
  const span = trace.getActiveSpan();
  if (span) outcomes.set(span, code);
}

/** Says on the span how the call ended. Answers the `error.type` of a failure of ours. */
function finish(span: Span, response: ServerResponse): string | undefined {
  const code = codeOf(outcomes.get(span), response);
  const name = code === undefined ? "OK" : statusName(code);
  span.setAttribute(ATTR.rpcStatus, name);
  if (code === undefined || !SERVER_FAILURES.has(code)) return undefined;
  fail(span, name);
  return name;
}

/** Undefined for a call that went well. */
function codeOf(noted: Code | undefined, response: ServerResponse): Code | undefined {
  const ours = noted === Code.DeadlineExceeded || noted === Code.Unavailable;
  // Closed and not ended: whoever asked has gone, whatever HTTP/2 reset code they have left behind.
  return response.writableEnded || ours ? noted : Code.Canceled;
}
