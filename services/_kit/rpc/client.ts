/**
 * Calls over gRPC: a CLIENT span, the context injected into the metadata, a deadline, errors as AppError.
 * http2 is patched by no instrumentation: without this the trace would end at every call.
 */
import { randomUUID } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type StreamResponse,
} from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { currentDeadline } from "../process/deadline.ts";
import { AppError } from "../process/errors.ts";
import { ATTR, BATON, METRIC } from "../telemetry/conventions.ts";
import { seconds } from "../telemetry/metrics.ts";
import { fail, startSpan } from "../telemetry/span.ts";
import { CODE_HEADER, camel, fromHeader, REASON_HEADER, REQUEST_ID_HEADER, statusName } from "./contract.ts";

export interface RpcClient<S extends DescService> {
  readonly call: Client<S>;
  close(): void;
}

/**
 * A client of `service` at `baseUrl`. Every call, a stream as a whole, has a deadline of `timeoutMs` unless it brings
 * its own; inside a handler it has no more time than the handler, and ends with it. Fails with AppError.
 */
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
    readMaxBytes: 1024 * 1024,
    interceptors: [inClientSpan({ [ATTR.serverAddress]: hostname, [ATTR.serverPort]: Number(port) })],
  });
  return {
    call: ourWay(service, createClient(service, transport), timeoutMs),
    close: () => sessionManager.abort(),
  };
}

/** Deadlines and AppErrors around Connect's own client, which would wrap whatever an interceptor throws. */
function ourWay<S extends DescService>(service: S, client: Client<S>, timeoutMs: number): Client<S> {
  const answersOne = new Map(
    service.methods.map((m) => [
      m.localName,
      m.methodKind === "unary" || m.methodKind === "client_streaming",
    ]),
  );
  return new Proxy(client, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      const one = answersOne.get(String(name));
      if (typeof method !== "function" || one === undefined) return method;
      return (input: unknown, options?: CallOptions) => {
        if (one) return method(input, inTime(options, timeoutMs)).catch(giveAppError);
        return endable((ended) => method(input, inTime(options, timeoutMs, ended)));
      };
    },
  });
}

/** The options of a call that lasts no longer than whoever waits for the work that makes it. */
function inTime(options: CallOptions = {}, presetMs: number, ended?: AbortSignal): CallOptions {
  const caller = currentDeadline();
  const signals = [options.signal, caller?.signal, ended].filter((signal) => signal !== undefined);
  // At least 1: 0 means no limit to Connect.
  const leftMs = caller ? Math.max(1, Math.floor(caller.atMs - performance.now())) : Number.POSITIVE_INFINITY;
  return {
    ...options,
    timeoutMs: Math.min(options.timeoutMs ?? presetMs, leftMs),
    ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
  };
}

/**
 * A stream that is asked for when it is read, because Connect's fails unhandled if nobody reads it at once. Whoever leaves
 * a `for await` early ends the call: Connect would leave it open until its deadline.
 */
function endable<T>(ask: (ended: AbortSignal) => AsyncIterable<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => {
      const ended = new AbortController();
      const iterator = ask(ended.signal)[Symbol.asyncIterator]();
      return {
        next: () => iterator.next().catch(giveAppError),
        return: async () => {
          ended.abort();
          return { done: true, value: undefined };
        },
      };
    },
  };
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
    const end = (error?: ConnectError) => {
      const status = error ? statusName(error.code) : "OK";
      if (error) fail(span, status, error.rawMessage);
      span.setAttribute(ATTR.rpcStatus, status);
      span.end();
      seconds(METRIC.rpcClientDuration).record((performance.now() - startedMs) / 1e3, {
        ...shared,
        ...(error ? { [ATTR.errorType]: status } : {}),
      });
    };
    try {
      const response = await context.with(ctx, next, undefined, request);
      if (response.stream) return followed(response, request.signal, end);
      end();
      return response;
    } catch (thrown) {
      const error = whyFailed(thrown, request.signal);
      end(error);
      throw error;
    }
  };
}

/**
 * A process that dies resets its streams as a caller does who gives up (CANCELLED), or its connections (ABORTED, which says
 * "conflict" when a handler says it). When neither a handler said so nor anybody here gave up, it was the other side
 * that went: that is UNAVAILABLE, and worth another try.
 */
function whyFailed(thrown: unknown, signal: AbortSignal): ConnectError {
  const error = ConnectError.from(thrown);
  const isReset = error.code === Code.Canceled || error.code === Code.Aborted;
  if (!isReset || signal.aborted || error.metadata.has(CODE_HEADER)) return error;
  return new ConnectError(
    "the service went away before it had answered",
    Code.Unavailable,
    undefined,
    [],
    thrown,
  );
}

/** Calls `end` once, when the stream has ended: to its end, by an error, by its deadline, or because nobody reads on. */
function followed(
  response: StreamResponse,
  signal: AbortSignal,
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
      const error = whyFailed(signal.aborted ? signal.reason : thrown, signal);
      outcome = { error };
      throw error;
    }
  }
  return { ...response, message: messages() };
}

function giveAppError(thrown: unknown): never {
  throw toAppError(ConnectError.from(thrown));
}

/** What the other side threw, as far as it told. */
function toAppError(error: ConnectError): AppError {
  const extra: Record<string, string> = {};
  error.metadata.forEach((value, key) => {
    if (key.startsWith("error-") && key !== REASON_HEADER && key !== CODE_HEADER)
      extra[camel(key.slice(6))] = fromHeader(value);
  });
  const code = AppError.codeOf(error.metadata.get(CODE_HEADER) ?? undefined, error.code);
  const unknown = error.code === Code.Internal || error.code === Code.Unknown;
  return new AppError(code, unknown ? "a service that this needs failed" : error.rawMessage, {
    cause: error,
    reason: error.metadata.get(REASON_HEADER) || undefined,
    extra,
  });
}
