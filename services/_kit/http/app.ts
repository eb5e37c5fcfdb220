/**
 * The app of a REST server: problem+json (RFC 9457) for every error, the correlation id echoed, bodies bounded, probes.
 * The SERVER span comes from the http instrumentation, and its route from `tracing.ts`.
 */
import type { ServerResponse } from "node:http";
import { trace } from "@opentelemetry/api";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import type { StatusCode } from "hono/utils/http-status";
import { AppError } from "../process/errors.ts";
import { ATTR } from "../telemetry/conventions.ts";
import type { Logger } from "../telemetry/log.ts";
import { errorType } from "../telemetry/span.ts";
import { CONTEXT_HEADERS } from "./cors.ts";
import { ids, tracing } from "./tracing.ts";

export type { Context, Hono };

export interface HttpOptions {
  readonly log: Logger;
  /** Resolves when a request can be served all the way. Throws otherwise, with a message for people. */
  readonly ready: () => Promise<void>;
  readonly maxBodyBytes?: number;
  /** Web origins whose pages may call, such as `http://127.0.0.1:5173`. None by default. */
  readonly corsOrigins?: readonly string[];
  /** A more precise error than "not found" for an unknown path, if there is one. */
  readonly unknownPath?: (path: string) => AppError | undefined;
}

/** An app with everything but its routes. */
export function httpApp(options: HttpOptions): Hono {
  const app = new Hono();
  if (options.corsOrigins?.length) app.use(corsFor(options.corsOrigins));
  app.use(tracing);
  const limit = options.maxBodyBytes ?? 64 * 1024;
  app.use(
    bodyLimit({
      maxSize: limit,
      onError: () => {
        throw new AppError("too_large", `the body may have at most ${limit} bytes`);
      },
    }),
  );
  app.use(async (c, next) => {
    // The body is read whole before anything is answered: a connection with an unread body must be cut, which can cost
    // the client its answer, and the requests that it has sent behind this one.
    if (c.req.raw.body) await c.req.arrayBuffer().catch(brokenOff);
    await next();
  });
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    // Not logged as an error: the probe gets the answer, and will ask again.
    const thrown = await options.ready().catch(AppError.from);
    return thrown ? answerProblem(c, thrown) : c.json({ status: "ready" });
  });
  app.notFound((c) => {
    const { method, path } = c.req;
    const missing = new AppError("not_found", `there is nothing at ${method} ${path.slice(0, 200)}`);
    return answerProblem(c, options.unknownPath?.(path) ?? missing);
  });
  app.onError((thrown, c) => {
    const error = AppError.from(thrown);
    // An error is logged once: here, where it is answered. A mistake of the caller is not logged as an error.
    if (error.httpStatus >= 500) options.log.error({ err: thrown }, error.message);
    else options.log.info({ [ATTR.errorType]: error.errorType }, error.message);
    return answerProblem(c, error);
  });
  return app;
}

/** What pages of these origins may send and read (Fetch standard, "CORS protocol"). */
function corsFor(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: [...origins],
    allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
    allowHeaders: [...CONTEXT_HEADERS, "Content-Type", "Idempotency-Key", "Last-Event-ID"],
    exposeHeaders: ["X-Correlation-ID", "Location", "Retry-After"],
    maxAge: 600,
  });
}

function brokenOff(cause: unknown): never {
  throw new AppError("malformed", "the body did not come whole", { cause });
}

/**
 * To be called when all routes are there. Any other method at a known path gets a 405 that names the allowed ones
 * (RFC 9110, 15.5.6).
 */
export function refuseOtherMethods(app: Hono): void {
  const routes = app.routes.filter(({ method }) => method !== "ALL");
  for (const [path, known] of Map.groupBy(routes, (route) => route.path)) {
    const methods = new Set(known.map(({ method }) => method));
    if (methods.has("GET")) methods.add("HEAD");
    const allowed = [...methods].join(", ");
    app.all(path, (c) => {
      c.header("Allow", allowed);
      throw new AppError("method_not_allowed", `this path takes ${allowed}`);
    });
  }
}

/** An error as RFC 9457's problem details, with the ids, without stack and cause. */
export function problem(error: AppError): object {
  return {
    type: `urn:baton:problem:${(error.reason ?? error.code).replaceAll("_", "-")}`,
    title: (error.reason ?? error.code).replaceAll("_", " "),
    status: error.httpStatus,
    detail: error.message,
    ...error.extra,
    ...ids(),
  };
}

function answerProblem(c: Context, error: AppError): Response {
  const status = error.httpStatus;
  // The span of a client that has gone has ended, and the SDK would print a stack trace.
  const span = trace.getActiveSpan();
  if (status >= 500 && span?.isRecording()) span.setAttribute(ATTR.errorType, errorType(error));
  // An outage and a checkout under way both end, so the client may retry (RFC 9110, 10.2.3).
  if (status === 503 || error.reason === "in_progress") c.header("Retry-After", "1");
  // The rest of the body is not read, so the connection cannot be used again.
  if (status === 413) c.header("Connection", "close");
  // What a client may send instead (RFC 9110, 12.5.3).
  if (status === 415) c.header("Accept-Encoding", "identity");
  return c.newResponse(JSON.stringify(problem(error)), status as StatusCode, {
    "content-type": "application/problem+json",
  });
}

/** `/healthz` and `/readyz` for servers that are not REST servers. False when the path is neither. */
export function answerProbe(
  path: string | undefined,
  response: ServerResponse,
  ready: () => Promise<void>,
): boolean {
  if (path !== "/healthz" && path !== "/readyz") return false;
  const answer = (status: number, body: object) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (path === "/healthz") answer(200, { status: "ok" });
  else
    ready().then(
      () => answer(200, { status: "ready" }),
      (thrown) => answer(503, { status: "not ready", why: AppError.from(thrown).message }),
    );
  return true;
}
