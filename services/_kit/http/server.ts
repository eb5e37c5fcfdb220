/** The server below a REST app: it has timeouts, and answers also bytes that are not a request. */
import { createServer, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { AppError } from "../process/errors.ts";
import { problem } from "./app.ts";
import type { Listening } from "./listen.ts";
import { noteServerSpan } from "./tracing.ts";

export interface HttpServerOptions {
  /**
   * The timeout for a client's headers; it is cut after that. The whole request may take three times as long. A client
   * that reads nothing of its answer is cut after six times as long. 10 s by default.
   */
  readonly headersMs?: number;
}

/** Serves `app` over HTTP/1.1 on `host`:`port` (0: a free one). */
export async function serveHttp(
  app: Hono,
  host: string,
  port: number,
  { headersMs = 10_000 }: HttpServerOptions = {},
): Promise<Listening> {
  // The error handler is also called for a request without a usable URL, such as one with an invalid host.
  const handle = getRequestListener(app.fetch, { errorHandler: () => refusal() });
  const server = createServer(
    {
      requestTimeout: 3 * headersMs,
      headersTimeout: headersMs,
      connectionsCheckingInterval: headersMs / 2,
    },
    (request, response) => {
      noteServerSpan(response);
      handle(request, response);
    },
  );
  server.timeout = 6 * headersMs;
  server.on("clientError", answerNoRequest);
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

function refusal(): Response {
  const error = new AppError("malformed", "the request's target or host makes no sense here");
  return new Response(JSON.stringify(problem(error)), {
    status: error.httpStatus,
    headers: { "content-type": "application/problem+json" },
  });
}

/** Status line and detail for bytes that Node could not read as a request. */
const UNREAD: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "the headers are too many or too large"],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ["413 Content Too Large", "the chunk extensions are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "the request did not come in time"],
};

/** Without a request there are no ids to put into the answer. */
function answerNoRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  // A private field of Node is the only way to know this. Nothing can be written into an answer that has begun.
  const { _httpMessage: current } = socket as Duplex & { _httpMessage?: ServerResponse };
  if (!socket.writable || current?.headersSent) {
    socket.destroy();
    return;
  }
  const [line, detail] = UNREAD[error.code ?? ""] ?? ["400 Bad Request", "this is no HTTP/1.1 request"];
  const [status, ...words] = line.split(" ");
  const title = words.join(" ").toLowerCase();
  const type = `urn:baton:problem:${title.replaceAll(" ", "-")}`;
  const body = JSON.stringify({ type, title, status: Number(status), detail });
  const head = `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`HTTP/1.1 ${line}\r\n${head}\r\nconnection: close\r\n\r\n${body}`);
}
