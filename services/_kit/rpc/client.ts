/**
 * Calls over gRPC, each with a CLIENT span, the context in its metadata, a deadline, and errors as AppError.
 * No instrumentation patches http2: without this the trace would end at every call.
 */
import type { DescService } from "@bufbuild/protobuf";
import { type CallOptions, type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { currentDeadline } from "../process/deadline.ts";
import { AppError } from "../process/errors.ts";
import { ATTR, METRIC } from "../telemetry/conventions.ts";
import { seconds } from "../telemetry/metrics.ts";
import { CODE_HEADER, camel, fromHeader, REASON_HEADER } from "./contract.ts";
import { inClientSpan } from "./tracing.ts";

export interface RpcClient<S extends DescService> {
  readonly call: Client<S>;
  close(): void;
}

/**
 * A client of `service` at `baseUrl`. Every call has a deadline of `timeoutMs` unless it brings its own; for a stream
 * it covers the whole stream. Inside a handler a call has no more time than the handler, and ends with it. Fails with
 * AppError.
 */
export function rpcClient<S extends DescService>(
  service: S,
  baseUrl: string,
  timeoutMs = 5_000,
): RpcClient<S> {
  const sessionManager = new Http2SessionManager(baseUrl);
  const { hostname, port } = new URL(baseUrl);
  const inSpan = inClientSpan({
    system: "grpc",
    server: { [ATTR.serverAddress]: hostname, [ATTR.serverPort]: Number(port) },
    onEnded: (s, labels) => seconds(METRIC.rpcClientDuration).record(s, labels),
    errorOf: whyFailed,
  });
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    readMaxBytes: 1024 * 1024,
    interceptors: [inSpan],
  });
  return {
    call: wrapped(service, createClient(service, transport), timeoutMs),
    close: () => sessionManager.abort(),
  };
}

/** Adds deadlines and AppErrors to Connect's client. An interceptor cannot: Connect would wrap what it throws. */
function wrapped<S extends DescService>(service: S, client: Client<S>, timeoutMs: number): Client<S> {
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
        if (one) return method(input, inTime(options, timeoutMs)).catch(throwAppError);
        return endable((ended) => method(input, inTime(options, timeoutMs, ended)));
      };
    },
  });
}

/** The options of a call, with a deadline and a signal no later than those of the work that makes the call. */
function inTime(options: CallOptions = {}, presetMs: number, ended?: AbortSignal): CallOptions {
  const caller = currentDeadline();
  const signals = [options.signal, caller?.signal, ended].filter((signal) => signal !== undefined);
  // At least 1, because Connect takes 0 for no limit.
  const leftMs = caller ? Math.max(1, Math.floor(caller.atMs - performance.now())) : Number.POSITIVE_INFINITY;
  return {
    ...options,
    timeoutMs: Math.min(options.timeoutMs ?? presetMs, leftMs),
    ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
  };
}

/**
 * A stream that is requested when it is read, because Connect's causes an unhandled rejection if it is not read at
 * once. Leaving a `for await` early ends the call; Connect would leave it open until its deadline.
 */
function endable<T>(ask: (ended: AbortSignal) => AsyncIterable<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => {
      const ended = new AbortController();
      const iterator = ask(ended.signal)[Symbol.asyncIterator]();
      return {
        next: () => iterator.next().catch(throwAppError),
        return: async () => {
          ended.abort();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/**
 * A process that dies resets its streams, as a caller does that gives up (CANCELLED), or its connections (ABORTED,
 * which means "conflict" when it comes from a handler). If the code is not from a handler, and this side has not given
 * up, the other process died: that is UNAVAILABLE, and can be retried.
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

function throwAppError(thrown: unknown): never {
  throw toAppError(ConnectError.from(thrown));
}

/** The message of a handler on the other side is for callers. One of this side's network names internal addresses. */
function publicMessage(error: ConnectError): string {
  if (error.code === Code.Internal || error.code === Code.Unknown) return "a service that this needs failed";
  const isOurs = error.code === Code.Unavailable && !error.metadata.has(CODE_HEADER);
  return isOurs ? "a service that this needs is away" : error.rawMessage;
}

/** The AppError of the other side, as far as the metadata has it. */
function toAppError(error: ConnectError): AppError {
  const extra: Record<string, string> = {};
  error.metadata.forEach((value, key) => {
    if (key.startsWith("error-") && key !== REASON_HEADER && key !== CODE_HEADER)
      extra[camel(key.slice(6))] = fromHeader(value);
  });
  const code = AppError.codeOf(error.metadata.get(CODE_HEADER) ?? undefined, error.code);
  return new AppError(code, publicMessage(error), {
    cause: error,
    reason: error.metadata.get(REASON_HEADER) || undefined,
    extra,
  });
}
