/**
 * A REST door: problem+json (RFC 9457) for every error, the correlation id echoed, bodies bounded, health checks.
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
  /** Resolves when a request can be served all the way; throws, with a message for people, when not. */
  readonly ready: () => Promise<void>;
  readonly maxBodyBytes?: number;
  /** Web origins whose pages may call, such as `http://127.0.0.1:5173`. None by default. */
  readonly corsOrigins?: readonly string[];
  /** What is wrong with a path that is not there, when there is more to say than that. */
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
    // Whole, before anything is answered: a connection with something unread must be cut, and that can cost the client
    // its answer, and whatever it has sent behind.
    if (c.req.raw.body) await c.req.arrayBuffer().catch(brokenOff);
    await next();
  });
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    // Not an error to be logged: whoever probes is told, and will probe again.
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
    // Once, here, where it is answered. What the caller did wrong is no error of ours.
    if (error.httpStatus >= 500) options.log.error({ err: thrown }, error.message);
    else options.log.info({ code: error.code, reason: error.reason }, error.message);
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
 * To be called when all routes are there: any other method at a known path is a 405 that says which it takes
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

/** An error as RFC 9457's problem details, with the ids; no stack, no cause. */
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
  if (status >= 500) trace.getActiveSpan()?.setAttribute(ATTR.errorType, errorType(error));
  // What is away comes back; what is under way ends: ask again (RFC 9110, 10.2.3).
  if (status === 503 || error.reason === "in_progress") c.header("Retry-After", "1");
  // The rest of the body will not be read: the connection cannot be used again.
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
