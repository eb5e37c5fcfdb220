/**
 * The two spans of an RPC by Connect, and the context in its metadata. The CLIENT span is an interceptor's. The SERVER
 * span starts before the call is understood and ends when the response closes, because an interceptor sees neither bad
 * JSON nor unknown methods, and a stream goes on long after it has answered.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  Code,
  ConnectError,
  type HandlerContext,
  type Interceptor,
  type StreamResponse,
} from "@connectrpc/connect";
import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import { ATTR, BATON } from "../telemetry/conventions.ts";
import { fail, startSpan } from "../telemetry/span.ts";

/** Metadata: an id of this one call, outside the trace context, so that the two spans can be paired without it. */
const REQUEST_ID_HEADER = "x-request-id";

/** Told when a call has ended: how long it took, and what a metric of it is labelled with. */
export type OnEnded = (seconds: number, labels: Attributes) => void;

/** gRPC's name of a code: `FAILED_PRECONDITION`. */
export function statusName(code: Code): string {
  return (Code[code] ?? "Unknown")
    .replace(/(?<=[a-z])(?=[A-Z])/g, "_")
    .toUpperCase()
    .replace("CANCELED", "CANCELLED");
}

export interface ClientTracing {
  /** By which protocol it calls. */
  readonly system: "grpc" | "connectrpc";
  /** Of the peer: its address and port. */
  readonly server?: Attributes;
  readonly onEnded?: OnEnded;
  /** What a call has failed with; what was thrown, as Connect has it, by default. `signal`: the call's own. */
  readonly errorOf?: (thrown: unknown, signal: AbortSignal) => ConnectError;
}

const setHeader = { set: (headers: Headers, key: string, value: string) => headers.set(key, value) };

/**
 * An interceptor: each call in its CLIENT span, whose context goes into the metadata. A stream's lasts until it ends.
 */
export function inClientSpan(options: ClientTracing): Interceptor {
  const { system, server, onEnded, errorOf = (thrown) => ConnectError.from(thrown) } = options;
  return (next) => async (request) => {
    const method = `${request.service.typeName}/${request.method.name}`;
    const requestId = randomUUID();
    const shared = { [ATTR.rpcSystem]: system, [ATTR.rpcMethod]: method, ...server };
    const span = startSpan(method, {
      kind: SpanKind.CLIENT,
      attributes: { ...shared, [BATON.requestId]: requestId },
    });
    const ctx = trace.setSpan(context.active(), span);
    request.header.set(REQUEST_ID_HEADER, requestId);
    propagation.inject(ctx, request.header, setHeader);
    const startedMs = performance.now();
    const end = (error?: ConnectError) => {
      const status = error ? statusName(error.code) : "OK";
      if (error) fail(span, status, error.rawMessage);
      span.setAttribute(ATTR.rpcStatus, status);
      span.end();
      onEnded?.((performance.now() - startedMs) / 1e3, {
        ...shared,
        ...(error ? { [ATTR.errorType]: status } : {}),
      });
    };
    try {
      const response = await context.with(ctx, next, undefined, request);
      if (response.stream) return followed(response, request.signal, errorOf, end);
      end();
      return response;
    } catch (thrown) {
      const error = errorOf(thrown, request.signal);
      end(error);
      throw error;
    }
  };
}

/**
 * Calls `end` once, when the stream has ended: to its end, by an error, by its deadline, or because nobody reads on.
 */
function followed(
  response: StreamResponse,
  signal: AbortSignal,
  errorOf: NonNullable<ClientTracing["errorOf"]>,
  end: (error?: ConnectError) => void,
): StreamResponse {
  let outcome: { error?: ConnectError } | undefined;
  // Connect aborts a call's signal at each of these ends.
  const onAbort = () => {
    const { error } = outcome ?? { error: ConnectError.from(signal.reason, Code.Canceled) };
    end(error);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  async function* messages() {
    try {
      yield* response.message;
      outcome = {};
    } catch (thrown) {
      const error = errorOf(signal.aborted ? signal.reason : thrown, signal);
      outcome = { error };
      throw error;
    }
  }
  return { ...response, message: messages() };
}

/** gRPC's codes that are the server's own failure; the caller's are left unset (conventions, "gRPC server"). */
export const SERVER_FAILURES: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

export interface ServerTracing {
  /** Full name of the method; undefined when there is no such method. */
  readonly method: string | undefined;
  readonly onEnded?: OnEnded;
}

/** Runs `handle` inside the call's SERVER span, in the context that the metadata carry. */
export function inServerSpan(
  request: IncomingMessage,
  response: ServerResponse,
  { method, onEnded }: ServerTracing,
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
    onEnded?.((performance.now() - startedMs) / 1e3, {
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
    // An end without an error aborts as a client that goes away does, with a bare AbortError: `finish` tells them
    // apart.
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
