/**
 * An RPC door: Connect, gRPC and gRPC-Web on one port, over HTTP/1.1 and clear-text HTTP/2.
 *
 * The SERVER span starts in a wrapper around the adapter's handler and ends when the response closes, because
 * an interceptor never sees bad JSON or unknown methods. The interceptor only enriches.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, type Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { context, propagation, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import { AppError } from "./errors.ts";
import { answerProbe } from "./http.ts";
import { type Listening, listen } from "./listen.ts";
import type { Logger } from "./log.ts";
import { CODE_HEADER, kebab, REASON_HEADER, REQUEST_ID_HEADER, statusName } from "./rpc.ts";
import { ATTR, BATON, METRIC } from "./telemetry/conventions.ts";
import { seconds } from "./telemetry/metrics.ts";
import { fail, startSpan } from "./telemetry/span.ts";

export interface RpcServerOptions {
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
  readonly services: readonly DescService[];
  readonly routes: (router: ConnectRouter) => void;
  readonly ready: () => Promise<void>;
  readonly maxMessageBytes?: number;
}

/** Serves until closed. Rejects when the port is taken. */
export async function serveRpc(options: RpcServerOptions): Promise<Listening> {
  const known = new Set(options.services.flatMap((s) => s.methods.map((m) => `/${s.typeName}/${m.name}`)));
  const rpc = connectNodeAdapter({
    routes: options.routes,
    readMaxBytes: options.maxMessageBytes ?? 64 * 1024,
    interceptors: [classify(options.log)],
  });
  return listen(options.host, options.port, (request, response) => {
    const path = request.url?.split("?")[0];
    if (answerProbe(path, response, options.ready)) return;
    inServerSpan(request, response, path !== undefined && known.has(path) ? path.slice(1) : undefined, () =>
      rpc(request, response),
    );
  });
}

/** gRPC's codes that are the server's own failure; the caller's are left unset (conventions, "gRPC server"). */
const SERVER_FAILURES = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

function inServerSpan(
  request: IncomingMessage,
  response: ServerResponse,
  method: string | undefined,
  handle: () => void,
) {
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

/** What an HTTP status means when no handler was reached and so no interceptor has said more. */
const BY_HTTP_STATUS: Readonly<Record<number, Code>> = {
  400: Code.InvalidArgument,
  404: Code.Unimplemented,
  405: Code.Unimplemented,
  408: Code.DeadlineExceeded,
  413: Code.ResourceExhausted,
  415: Code.InvalidArgument,
};

/** What the interceptor saw, else what the HTTP status says. Answers the `error.type` of a failure of ours. */
function finish(span: Span, response: ServerResponse): string | undefined {
  const { statusCode } = response;
  const code =
    outcomes.get(span) ?? (statusCode < 400 ? undefined : (BY_HTTP_STATUS[statusCode] ?? Code.Unknown));
  const name = code === undefined ? "OK" : statusName(code);
  span.setAttribute(ATTR.rpcStatus, name);
  if (code === undefined || !SERVER_FAILURES.has(code)) return undefined;
  fail(span, name);
  return name;
}

/** Turns what a handler throws into a ConnectError, logs it once, and notes its code for the span. */
function classify(log: Logger): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (thrown) {
      const error = toConnectError(thrown);
      const span = trace.getActiveSpan();
      if (span) outcomes.set(span, error.code);
      if (SERVER_FAILURES.has(error.code))
        log.error({ err: thrown, method: request.method.name }, error.rawMessage);
      throw error;
    }
  };
}

function toConnectError(thrown: unknown): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  const error = AppError.from(thrown);
  const metadata = new Headers({ [REASON_HEADER]: error.reason ?? "", [CODE_HEADER]: error.code });
  for (const [key, value] of Object.entries(error.extra)) metadata.set(`error-${kebab(key)}`, value);
  return new ConnectError(error.message, error.rpcCode, metadata);
}
