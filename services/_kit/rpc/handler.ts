/**
 * How a handler is run: for its caller, and no longer than the caller waits; what it throws becomes an error that the
 * wire knows; streams no otherwise than single answers.
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
import type { Logger } from "../telemetry/log.ts";
import { CODE_HEADER, kebab, MAX_ERROR_TEXT, REASON_HEADER, toHeader } from "./contract.ts";
import { SERVER_FAILURES } from "./tracing.ts";

const deadlineAtMs = createContextKey(Number.POSITIVE_INFINITY);

/** The one place where Connect tells a call's deadline: interceptors get only the signal. */
export function noteDeadline(context: HandlerContext): void {
  const leftMs = context.timeoutMs();
  if (leftMs !== undefined) context.values.set(deadlineAtMs, performance.now() + leftMs);
}

/** Bytes that are no message are the sender's mistake, at Connect's JSON and everywhere else: Connect says INTERNAL. */
const UNREADABLE = /^(parse binary|decompression failed)/;

/**
 * Corrects the code and bounds the text of what Connect is about to answer, in the call's abort listener. Connect has
 * no hook for that: bytes that do not parse fail outside of every interceptor, and the gate runs before the body is
 * read. But whatever fails, in all three protocols, Connect aborts the call's context with the error, and only then
 * writes it.
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
    return withDeadline(signal, request.contextValues.get(deadlineAtMs), async () => {
      const guard = <T>(work: () => Promise<T>) =>
        answered(whileWanted(signal, work, log), log, request.method.name);
      const response = await guard(() => next(request));
      return response.stream ? { ...response, message: guarded(response.message, guard) } : response;
    });
  };
}

/** A stream's handler runs when it is asked for the next message, by then in nobody's context: it gets this one. */
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
          // Nobody asks it for more. As soon as it can, it cleans up behind itself.
          end().catch(() => {});
          throw thrown;
        }
      };
      return { next, return: end };
    },
  };
}

/** What `work` answers, or fails as soon as `signal` aborts: nobody waits for a handler that does not look at it. */
async function whileWanted<T>(signal: AbortSignal, work: () => Promise<T>, log: Logger): Promise<T> {
  if (signal.aborted) throw givenUp(signal);
  const { promise: unwanted, reject } = Promise.withResolvers<never>();
  const running = work();
  const giveUp = () => {
    running.catch((err) => {
      const { code } = AppError.from(err);
      if (code !== "cancelled" && code !== "deadline_exceeded")
        log.warn({ err }, "failed when nobody waited any more");
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

/** Deadline and shutdown have reasons with a code; a client's going away, in whatever way, is one thing. */
function givenUp({ reason }: AbortSignal): ConnectError {
  const known = reason instanceof ConnectError && SERVER_FAILURES.has(reason.code) ? reason : undefined;
  return known ?? new ConnectError("the caller has gone", Code.Canceled);
}

/** Turns what was thrown into what the wire knows, and logs it, once and only if it is a failure of ours. */
async function answered<T>(work: Promise<T>, log: Logger, method: string): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    const error = toConnectError(thrown);
    if (SERVER_FAILURES.has(error.code)) log.error({ err: thrown, method }, error.rawMessage);
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
