/**
 * A REST door: problem+json (RFC 9457) for every error, the correlation id echoed, bodies bounded, health checks.
 * The SERVER span comes from the http instrumentation; this file gives it its route.
 */
import { createServer, type ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { context, trace } from "@opentelemetry/api";
import { getRPCMetadata, RPCType } from "@opentelemetry/core";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { routePath } from "hono/route";
import type * as z from "zod";
import { AppError } from "./errors.ts";
import type { Listening } from "./listen.ts";
import type { Logger } from "./log.ts";
import { ATTR } from "./telemetry/conventions.ts";
import { correlationId } from "./telemetry/correlation.ts";
import { errorType } from "./telemetry/span.ts";

export interface HttpOptions {
  readonly log: Logger;
  /** Resolves when a request can be served all the way; throws, with a message for people, when not. */
  readonly ready: () => Promise<void>;
  readonly maxBodyBytes?: number;
}

/** The ids that every answer carries, as far as there are any. */
export function ids(): { correlationId?: string; traceId?: string } {
  const correlation = correlationId();
  const traceId = trace.getActiveSpan()?.spanContext().traceId;
  return {
    ...(correlation === undefined ? {} : { correlationId: correlation }),
    ...(traceId === undefined || /^0+$/.test(traceId) ? {} : { traceId }),
  };
}

/** An app with everything but its routes. */
export function httpApp(options: HttpOptions): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    const { correlationId: id } = ids();
    if (id !== undefined) c.header("X-Correlation-ID", id);
    await next();
    nameRoute(c);
  });
  const limit = options.maxBodyBytes ?? 64 * 1024;
  app.use(
    bodyLimit({
      maxSize: limit,
      onError: () => {
        throw new AppError("too_large", `the body may have at most ${limit} bytes`);
      },
    }),
  );
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    // Not an error to be logged: whoever probes is told, and will probe again.
    const thrown = await options.ready().catch(AppError.from);
    return thrown ? problem(thrown) : c.json({ status: "ready" });
  });
  app.notFound((c) => {
    return problem(new AppError("not_found", `there is nothing at ${c.req.method} ${c.req.path}`));
  });
  app.onError((thrown) => {
    const error = AppError.from(thrown);
    // Once, here, where it is answered. What the caller did wrong is no error of ours.
    if (error.httpStatus >= 500) options.log.error({ err: thrown }, error.message);
    else options.log.info({ code: error.code, reason: error.reason }, error.message);
    return problem(error);
  });
  return app;
}

/** An error as RFC 9457's problem details, with the ids; no stack, no cause. */
function problem(error: AppError): Response {
  const status = error.httpStatus;
  const body = {
    type: `urn:baton:problem:${(error.reason ?? error.code).replaceAll("_", "-")}`,
    title: (error.reason ?? error.code).replaceAll("_", " "),
    status,
    detail: error.message,
    ...error.extra,
    ...ids(),
  };
  const { correlationId: id } = ids();
  const span = trace.getActiveSpan();
  if (status >= 500) span?.setAttribute(ATTR.errorType, errorType(error));
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(id === undefined ? {} : { "x-correlation-id": id }),
      // The rest of the body will not be read: the connection cannot be used again.
      ...(error.code === "too_large" ? { connection: "close" } : {}),
    },
  });
}

/** The http instrumentation names its span after this when the response ends: `POST /api/v1/orders/:id`. */
function nameRoute(c: Context): void {
  const route = routePath(c, -1);
  const metadata = getRPCMetadata(context.active());
  if (metadata?.type === RPCType.HTTP && route !== "*" && route !== "/*") metadata.route = route;
}

/** The JSON body, checked. `malformed` when it is no JSON, `invalid` when it does not fit; the message says where. */
export async function readJson<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new AppError("unsupported_media_type", "send application/json");
  }
  const text = await c.req.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError("malformed", "the body is not JSON", { cause });
  }
  const read = schema.safeParse(json);
  if (read.success) return read.data;
  const where = read.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
  throw new AppError("invalid", where.slice(0, 10).join("; "));
}

/** Serves `app` over HTTP/1.1 on `host`:`port` (0: a free one). */
export async function serveHttp(app: Hono, host: string, port: number): Promise<Listening> {
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000 },
    getRequestListener(app.fetch),
  );
  server.on("clientError", (_error, socket) => {
    const response = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    if (socket.writable) socket.end(response);
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  const address = server.address();
  const bound = typeof address === "object" && address ? address.port : port;
  return {
    port: bound,
    url: `http://${host}:${bound}`,
    close: async (graceMs = 1_000) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
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
