/**
 * Calls over gRPC: a CLIENT span, the context injected into the metadata, a deadline, errors as AppError.
 * http2 is patched by no instrumentation: without this the trace would end at every call.
 */
import { randomUUID } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { AppError } from "./errors.ts";
import { CODE_HEADER, camel, REASON_HEADER, REQUEST_ID_HEADER, statusName } from "./rpc.ts";
import { ATTR, BATON, METRIC } from "./telemetry/conventions.ts";
import { seconds } from "./telemetry/metrics.ts";
import { fail, startSpan } from "./telemetry/span.ts";

export interface RpcClient<S extends DescService> {
  readonly call: Client<S>;
  close(): void;
}

/** A client of `service` at `baseUrl`. Every call has a deadline of `timeoutMs` unless it brings its own. */
export function rpcClient<S extends DescService>(
  service: S,
  baseUrl: string,
  timeoutMs = 5_000,
): RpcClient<S> {
  const sessionManager = new Http2SessionManager(baseUrl);
  const { hostname, port } = new URL(baseUrl);
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    defaultTimeoutMs: timeoutMs,
    readMaxBytes: 1024 * 1024,
    interceptors: [inClientSpan({ [ATTR.serverAddress]: hostname, [ATTR.serverPort]: Number(port) })],
  });
  return {
    call: withAppErrors(service, createClient(service, transport)),
    close: () => sessionManager.abort(),
  };
}

/** Outside Connect's own client, which would wrap whatever an interceptor throws. Streams keep their ConnectError. */
function withAppErrors<S extends DescService>(service: S, client: Client<S>): Client<S> {
  const unary = new Set(service.methods.filter((m) => m.methodKind === "unary").map((m) => m.localName));
  return new Proxy(client, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function" || !unary.has(String(name))) return method;
      return async (...args: unknown[]) => {
        try {
          return await method(...args);
        } catch (thrown) {
          throw toAppError(ConnectError.from(thrown));
        }
      };
    },
  });
}

const setHeader = { set: (headers: Headers, key: string, value: string) => headers.set(key, value) };

function inClientSpan(server: Record<string, string | number>): Interceptor {
  return (next) => async (request) => {
    const method = `${request.service.typeName}/${request.method.name}`;
    const requestId = randomUUID();
    const shared = { [ATTR.rpcSystem]: "grpc", [ATTR.rpcMethod]: method, ...server };
    const span = startSpan(method, {
      kind: SpanKind.CLIENT,
      attributes: { ...shared, [BATON.requestId]: requestId },
    });
    const ctx = trace.setSpan(context.active(), span);
    request.header.set(REQUEST_ID_HEADER, requestId);
    propagation.inject(ctx, request.header, setHeader);
    const startedMs = performance.now();
    let status = "OK";
    try {
      return await context.with(ctx, next, undefined, request);
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      status = statusName(error.code);
      fail(span, status, error.rawMessage);
      throw thrown;
    } finally {
      span.setAttribute(ATTR.rpcStatus, status);
      span.end();
      seconds(METRIC.rpcClientDuration).record((performance.now() - startedMs) / 1e3, {
        ...shared,
        ...(status === "OK" ? {} : { [ATTR.errorType]: status }),
      });
    }
  };
}

/** What the other side threw, as far as it told. */
function toAppError(error: ConnectError): AppError {
  const extra: Record<string, string> = {};
  error.metadata.forEach((value, key) => {
    if (key.startsWith("error-") && key !== REASON_HEADER && key !== CODE_HEADER)
      extra[camel(key.slice(6))] = value;
  });
  const code = AppError.codeOf(error.metadata.get(CODE_HEADER) ?? undefined, error.code);
  const unknown = error.code === Code.Internal || error.code === Code.Unknown;
  return new AppError(code, unknown ? "a service that this needs failed" : error.rawMessage, {
    cause: error,
    reason: error.metadata.get(REASON_HEADER) || undefined,
    extra,
  });
}
