/**
 * The two spans of an RPC by Connect, and the context in its metadata. An interceptor makes the CLIENT span. The SERVER
 * span starts before the call is parsed and ends when the response closes, because an interceptor sees neither bad JSON
 * nor unknown methods, and a stream goes on after the interceptor has returned.
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

/** Called when a call has ended, with its duration and the labels of its metrics. */
export type OnEnded = (seconds: number, labels: Attributes) => void;

type System = "grpc" | "connectrpc";

/** A protocol's name of a code: `FAILED_PRECONDITION` in gRPC, `failed_precondition` in Connect. */
export function statusName(code: Code, system: System): string {
  const name = (Code[code] ?? "Unknown").replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
  return system === "connectrpc" ? name : name.toUpperCase().replace("CANCELED", "CANCELLED");
}

/** How a call has ended, for its span and its metrics. Connect has no name for success. */
function outcomeOf(system: System, code: Code | undefined, isFailure: boolean): Attributes {
  if (code === undefined) return system === "grpc" ? { [ATTR.rpcStatus]: "OK" } : {};
  const name = statusName(code, system);
  return { [ATTR.rpcStatus]: name, ...(isFailure ? { [ATTR.errorType]: name } : {}) };
}

export interface ClientTracing {
  /** The protocol of its calls. */
  readonly system: System;
  /** The peer's address and port. */
  readonly server?: Attributes;
  readonly onEnded?: OnEnded;
  /** The error of a failed call, by default `ConnectError.from`. `signal`: the call's own. */
  readonly errorOf?: (thrown: unknown, signal: AbortSignal) => ConnectError;
}

const setHeader = { set: (headers: Headers, key: string, value: string) => headers.set(key, value) };

/** An interceptor: runs each call in a CLIENT span and injects its context. A stream's span ends with the stream. */
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
      const outcome = outcomeOf(system, error?.code, error !== undefined);
      span.setAttributes(outcome);
      if (error) fail(span, String(outcome[ATTR.errorType]), error.rawMessage);
      span.end();
      onEnded?.((performance.now() - startedMs) / 1e3, { ...shared, ...outcome });
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

/** Calls `end` once, when the stream has ended: completely, by an error, at its deadline, or as its reader left. */
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

/**
 * Codes for the server's own failures. The caller's leave the span unset (conventions, "gRPC server" and "Connect").
 */
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

/** Runs `handle` inside the call's SERVER span, in the context from the metadata. */
export function inServerSpan(
  request: IncomingMessage,
  response: ServerResponse,
  { method, onEnded }: ServerTracing,
  handle: () => void,
): void {
  const startedMs = performance.now();
  const grpc = request.headers["content-type"]?.startsWith("application/grpc") === true;
  const system: System = grpc ? "grpc" : "connectrpc";
  const shared = { [ATTR.rpcSystem]: system, [ATTR.rpcMethod]: method ?? "_OTHER" };
  const requestId = request.headers[REQUEST_ID_HEADER];
  const parent = propagation.extract(ROOT_CONTEXT, request.headers);
  const span = startSpan(
    method ?? system,
    {
      kind: SpanKind.SERVER,
      attributes: {
        ...shared,
        ...(method === undefined ? { [ATTR.rpcMethodOriginal]: askedFor(request) } : {}),
        ...serverOf(request),
        ...(typeof requestId === "string" ? { [BATON.requestId]: requestId } : {}),
      },
    },
    parent,
  );
  response.once("close", () => {
    const code = codeOf(outcomes.get(span), response);
    const isFailure = code !== undefined && SERVER_FAILURES.has(code);
    const outcome = outcomeOf(system, code, isFailure);
    span.setAttributes(outcome);
    if (isFailure) fail(span, String(outcome[ATTR.errorType]));
    span.end();
    onEnded?.((performance.now() - startedMs) / 1e3, { ...shared, ...outcome });
  });
  context.with(trace.setSpan(parent, span), handle);
}

/** More of a method's name is not kept: it comes from a stranger. */
const MAX_METHOD = 256;

/** The method of a request, whether there is one of that name or not. */
const askedFor = ({ url = "" }: IncomingMessage): string =>
  (url.split("?")[0] ?? "").replace(/^\//, "").slice(0, MAX_METHOD);

/** The server's address as the client has it (conventions: from `:authority`, never from the connection). */
function serverOf({ headers }: IncomingMessage): Attributes {
  const authority = String(headers[":authority"] ?? headers.host ?? "");
  const { address, port } =
    /^(?<address>\[[0-9a-fA-F:.]+\]|[^:\s]+)(?::(?<port>\d{1,5}))?$/.exec(authority)?.groups ?? {};
  if (address === undefined) return {};
  return {
    [ATTR.serverAddress]: address.replace(/^\[|\]$/g, ""),
    ...(port === undefined ? {} : { [ATTR.serverPort]: Number(port) }),
  };
}

const outcomes = new WeakMap<Span, Code>();

/**
 * Notes for the span the code with which the call ends. In every protocol, and also when no handler was reached, the
 * end of a call aborts its context with the error as the reason. The trailers, where gRPC has the code, cannot be seen
 * for gRPC-Web and for Connect's streams, which have them in the body.
 */
export function noteOutcome({ signal }: HandlerContext): void {
  const span = trace.getActiveSpan();
  if (span === undefined) return;
  signal.addEventListener("abort", () => {
    const reason: unknown = signal.reason;
    // An end without an error and a disconnected client both abort with a bare AbortError: `finish` tells them apart.
    if (reason instanceof ConnectError) outcomes.set(span, reason.code);
    else if (!(reason instanceof Error && reason.name === "AbortError")) outcomes.set(span, Code.Internal);
  });
}

/** The same for a call that is refused before it has a context. */
export function noteRefusal(code: Code): void {
  const span = trace.getActiveSpan();
  if (span) outcomes.set(span, code);
}

/** Undefined for a call that succeeded. */
function codeOf(noted: Code | undefined, response: ServerResponse): Code | undefined {
  const ours = noted === Code.DeadlineExceeded || noted === Code.Unavailable;
  // Closed and not ended: the client has disconnected, with any HTTP/2 reset code.
  return response.writableEnded || ours ? noted : Code.Canceled;
}
