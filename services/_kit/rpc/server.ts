/**
 * An RPC server: Connect, gRPC and gRPC-Web on one port, over HTTP/1.1 and clear-text HTTP/2. Beside its services it
 * answers for its health (grpc.health.v1, `/healthz`, `/readyz`) and describes itself (grpc.reflection.v1,
 * `/descriptors.binpb`).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { DescService } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  type HandlerContext,
} from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { answerProbe } from "../http/app.ts";
import { type Listening, type ListenOptions, listen } from "../http/listen.ts";
import { ATTR, METRIC } from "../telemetry/conventions.ts";
import type { Logger } from "../telemetry/log.ts";
import { seconds } from "../telemetry/metrics.ts";
import { MAX_ERROR_TEXT } from "./contract.ts";
import { answerCors } from "./cors.ts";
import { answerDescriptors, reflectionRoutes } from "./descriptors.ts";
import { mendError, noteDeadline, runHandlers } from "./handler.ts";
import { healthRoutes } from "./health.ts";
import { inServerSpan, noteOutcome, noteRefusal, type OnEnded, statusName } from "./tracing.ts";

export interface RpcServerOptions extends ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
  readonly services: readonly DescService[];
  readonly routes: (router: ConnectRouter) => void;
  readonly ready: () => Promise<void>;
  /** Web origins whose pages may call, by gRPC-Web and Connect. None by default. */
  readonly corsOrigins?: readonly string[];
  readonly maxMessageBytes?: number;
  /** How often a watch of its health checks. */
  readonly healthEveryMs?: number;
}

/**
 * Serves until closed. Rejects when the port is taken. Closing gives calls under way `graceMs` to end; then they are
 * aborted and answered UNAVAILABLE.
 */
export async function serveRpc(options: RpcServerOptions): Promise<Listening> {
  const closing = new AbortController();
  const aborting = new AbortController();
  const handle = rpcHandler(options, closing.signal, aborting.signal);
  const onGraceOver = () => aborting.abort(new ConnectError("the service stops", Code.Unavailable));
  const server = await listen(options.host, options.port, handle, { ...options, onGraceOver });
  return {
    ...server,
    close: (graceMs) => {
      closing.abort();
      return server.close(graceMs);
    },
  };
}

const recordDuration: OnEnded = (s, labels) => seconds(METRIC.rpcServerDuration).record(s, labels);

type Route = (request: IncomingMessage, response: ServerResponse) => void;

function rpcHandler(options: RpcServerOptions, closing: AbortSignal, shutdownSignal: AbortSignal): Route {
  const { services, log, ready } = options;
  const router = createConnectRouter({
    readMaxBytes: options.maxMessageBytes ?? 64 * 1024,
    acceptCompression: [compressionGzip, compressionBrotli],
    interceptors: [runHandlers(log)],
    shutdownSignal,
    requestGate: (context) => {
      refuseLate(context);
      noteDeadline(context);
      mendError(context);
      noteOutcome(context);
    },
  });
  options.routes(router);
  const traced = new Set(router.handlers.map(({ requestPath }) => requestPath));
  // The following routes are for probes and tools. They make no spans, as HTTP's probes make none.
  healthRoutes(router, { services, ready, closing, everyMs: options.healthEveryMs });
  const descriptors = reflectionRoutes(router, services);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  return (request, response) => {
    if (answerCors(request, response, options.corsOrigins ?? [])) return;
    const path = request.url?.split("?")[0] ?? "";
    if (answerProbe(path, response, ready) || answerDescriptors(path, response, descriptors)) return;
    const handler = handlers.get(path);
    const handle = () => {
      if (handler === undefined) refuse(request, response, 404, `there is no method ${path}`);
      else void answer(handler, request, response, log);
    };
    if (handler !== undefined && !traced.has(path)) handle();
    else
      inServerSpan(request, response, { method: handler && path.slice(1), onEnded: recordDuration }, handle);
  };
}

/**
 * Replaces Connect's own adapter, where a request without a usable Host header is an uncaught exception, and a client
 * that disconnects during an answer prints a stack trace.
 */
async function answer(
  handler: ConnectRouter["handlers"][number],
  request: IncomingMessage,
  response: ServerResponse,
  log: Logger,
): Promise<void> {
  let asked: Parameters<typeof handler>[0];
  try {
    asked = universalRequestFromNodeRequest(request, response, undefined, undefined);
    forgetFarDeadline(asked.header);
  } catch {
    refuse(request, response, 400, "the Host header is missing or is no host");
    return;
  }
  try {
    const answered = await handler(asked);
    if (answered.status in REFUSALS) {
      refuse(request, response, answered.status, REFUSALS[answered.status] ?? "");
      return;
    }
    // A getter, because trailers are complete only when the body has ended. They are read then.
    const withTrailer = Object.defineProperty({ ...answered }, "trailer", {
      get: () => legible(answered.trailer),
    });
    await universalResponseToNodeResponse(withTrailer, response);
  } catch (err) {
    log.debug({ err, [ATTR.rpcMethod]: handler.requestPath.slice(1) }, "the answer did not get through");
    if (!response.headersSent) response.writeHead(500).end();
  }
}

/** Refuses a call whose deadline is over when it arrives, without reading it. */
function refuseLate({ signal }: HandlerContext): void {
  if (!signal.aborted) return;
  const late = ConnectError.from(signal.reason, Code.Canceled);
  noteRefusal(late.code);
  throw late;
}

/** Messages for what Connect refuses without one. */
const REFUSALS: Readonly<Record<number, string>> = {
  405: "methods are called by POST",
  415: "send application/grpc, application/grpc-web, application/proto or application/json; a stream by Connect needs application/connect+proto or +json",
  505: "a two-way stream needs HTTP/2",
};

/** Answers a request that is not a call of a known method, in the protocol that its content type names. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  const code = status === 404 || status === 505 ? Code.Unimplemented : Code.InvalidArgument;
  noteRefusal(code);
  const type = request.headers["content-type"]?.split(";")[0] ?? "";
  if (/^application\/grpc(-web)?(\+[a-z]+)?$/.test(type) && status !== 415) {
    const trailers = {
      "grpc-status": String(code),
      "grpc-message": encodeURI(message.slice(0, MAX_ERROR_TEXT)),
    };
    answerTrailersOnly(response, { "content-type": type, ...trailers });
    return;
  }
  response.writeHead(status, { "content-type": "application/json" });
  response.end(
    JSON.stringify({ code: statusName(code, "connectrpc"), message: message.slice(0, MAX_ERROR_TEXT) }),
  );
}

/**
 * gRPC's Trailers-Only: one block of headers that ends the stream (gRPC over HTTP/2, "Responses"). Node's compatibility
 * API would send an empty DATA frame after it. Clients read the status from the last frame only, and would miss it.
 */
function answerTrailersOnly(
  response: ServerResponse | Http2ServerResponse,
  headers: Record<string, string>,
): void {
  if ("stream" in response) {
    // A caller that has cancelled needs no answer, and none can be sent.
    if (!response.stream.destroyed && !response.stream.closed)
      response.stream.respond({ ":status": 200, ...headers }, { endStream: true });
    response.end();
  } else response.writeHead(200, headers).end();
}

/** Connect escapes more of an error's text than gRPC requires (every colon); grpc-js unescapes only the required. */
function legible(trailer: Headers | undefined): Headers | undefined {
  const text = trailer?.get("grpc-message");
  if (text) trailer?.set("grpc-message", encodeURI(decodeURIComponent(text)));
  return trailer;
}

/** The longest time of a timer: 24 days. With more it fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000 };

/** Removes a deadline that is further away. Clients without a value for "no deadline" send such. */
function forgetFarDeadline(header: Headers): void {
  const [, count, unit = ""] = /^(\d{1,8})([HMS])$/.exec(header.get("grpc-timeout") ?? "") ?? [];
  if (Number(count) * (UNITS_MS[unit] ?? 0) > MAX_TIMER_MS) header.delete("grpc-timeout");
  const connect = header.get("connect-timeout-ms") ?? "";
  if (/^\d{10}$/.test(connect) && Number(connect) > MAX_TIMER_MS) header.delete("connect-timeout-ms");
}
