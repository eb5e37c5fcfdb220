/**
 * How a handler is run: with its caller's deadline and signal, and with its errors turned into errors of the protocol.
 * Streams are run like single answers.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import {
  Code,
  ConnectError,
  createContextKey,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { withDeadline } from "../process/deadline.ts";
import { AppError } from "../process/errors.ts";
import { ATTR } from "../telemetry/conventions.ts";
import type { Logger } from "../telemetry/log.ts";
import { CODE_HEADER, kebab, MAX_ERROR_TEXT, REASON_HEADER, toHeader } from "./contract.ts";
import { SERVER_FAILURES } from "./tracing.ts";

const deadlineAtMs = createContextKey(Number.POSITIVE_INFINITY);

/** Keeps a call's deadline. Connect gives it only here; interceptors get only the signal. */
export function noteDeadline(context: HandlerContext): void {
  const leftMs = context.timeoutMs();
  if (leftMs !== undefined) context.values.set(deadlineAtMs, performance.now() + leftMs);
}

/** Bytes that cannot be parsed are the sender's mistake, as bad JSON is, but Connect answers INTERNAL. */
const UNREADABLE = /^(parse binary|decompression failed)/;

/**
 * Corrects the code and limits the text of the error that Connect is about to answer, in the call's abort listener.
 * Connect has no hook for that: bytes that do not parse fail outside of every interceptor, and the gate runs before the
 * body is read. But for every failure, in all three protocols, Connect aborts the call's context with the error, and
 * only then writes it.
 */
export function mendError({ signal }: HandlerContext): void {
  signal.addEventListener("abort", () => {
    const reason: unknown = signal.reason;
    if (!(reason instanceof ConnectError)) return;
    const code = UNREADABLE.test(reason.rawMessage) ? Code.InvalidArgument : reason.code;
    Object.assign(reason, { code, rawMessage: reason.rawMessage.slice(0, MAX_ERROR_TEXT).toWellFormed() });
  });
}

export function runHandlers(log: Logger): Interceptor {
  return (next) => (request) => {
    const { signal } = request;
    const method = `${request.service.typeName}/${request.method.name}`;
    return withDeadline(signal, request.contextValues.get(deadlineAtMs), async () => {
      const guard = <T>(work: () => Promise<T>) => answered(untilAborted(signal, work, log), log, method);
      const response = await guard(() => next(request));
      return response.stream ? { ...response, message: guarded(response.message, guard) } : response;
    });
  };
}

/** A stream's handler runs when its next message is requested, outside of the call's context. This puts it back in. */
function guarded<T>(
  messages: AsyncIterable<T>,
  guard: <R>(work: () => Promise<R>) => Promise<R>,
): AsyncIterable<T> {
  const inContext = AsyncLocalStorage.snapshot();
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = messages[Symbol.asyncIterator]();
      const end = async () => {
        await inContext(() => iterator.return?.());
        return { done: true as const, value: undefined };
      };
      const next = async () => {
        try {
          return await inContext(() => guard(() => iterator.next()));
        } catch (thrown) {
          // No more messages will be requested, so the handler is ended and can clean up.
          end().catch(() => {});
          throw thrown;
        }
      };
      return { next, return: end };
    },
  };
}

/** The result of `work`. Fails as soon as `signal` aborts, also when the handler ignores the signal. */
async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>, log: Logger): Promise<T> {
  if (signal.aborted) throw givenUp(signal);
  const { promise: unwanted, reject } = Promise.withResolvers<never>();
  const running = work();
  const giveUp = () => {
    running.catch((err) => {
      const { code } = AppError.from(err);
      if (code !== "cancelled" && code !== "deadline_exceeded")
        log.warn({ err }, "failed after its caller had given up");
    });
    reject(givenUp(signal));
  };
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([running, unwanted]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** A deadline and a shutdown have reasons with a code. Every other reason is a client that has disconnected. */
function givenUp({ reason }: AbortSignal): ConnectError {
  const known = reason instanceof ConnectError && SERVER_FAILURES.has(reason.code) ? reason : undefined;
  return known ?? new ConnectError("the caller has gone", Code.Canceled);
}

/**
 * Whether Connect itself has thrown this, because it cannot read a message: its sender's mistake. A stream's messages
 * are read while its handler runs. What fails in a handler is no ConnectError with one of these codes.
 */
const isRefused = (thrown: unknown): boolean =>
  thrown instanceof ConnectError && [Code.Unimplemented, Code.Internal].includes(thrown.code);

/** Turns what was thrown into an error of the protocol. Logs it once, and only if it is the server's own failure. */
async function answered<T>(work: Promise<T>, log: Logger, method: string): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    const error = toConnectError(thrown);
    if (SERVER_FAILURES.has(error.code) && !isRefused(thrown))
      log.error({ err: thrown, [ATTR.rpcMethod]: method }, error.rawMessage);
    throw error;
  }
}

function toConnectError(thrown: unknown): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  const error = AppError.from(thrown);
  const metadata = new Headers({ [REASON_HEADER]: error.reason ?? "", [CODE_HEADER]: error.code });
  for (const [key, value] of Object.entries(error.extra))
    metadata.set(`error-${kebab(key)}`, toHeader(value));
  return new ConnectError(error.message, error.rpcCode, metadata);
}
