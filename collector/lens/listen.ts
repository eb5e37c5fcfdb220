/**
 * Servers that listen, bear with slow clients for a while, and stop: HTTP/1.1 and HTTP/2 behind one small interface.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import type { Http2Server, ServerHttp2Session } from "node:http2";

/** How long a client may take for the headers of its request, and for the first request of an HTTP/2 connection. */
export const HEADERS_MS = 10_000;

/**
 * An HTTP/1.1 server that is not listening yet. It answers 408 when a request's headers take longer than `headersMs`,
 * or the whole of it six times as long (an export's body has a bound of its own, body.ts), and cuts a client that takes
 * nothing of its answer for nine times as long.
 */
export function patientServer(headersMs: number, listener: RequestListener): Server {
  const timeouts = { headersTimeout: headersMs, requestTimeout: 6 * headersMs };
  // Node looks only now and then whose time is over, by default every 30 s.
  const server = createServer({ ...timeouts, connectionsCheckingInterval: headersMs / 2 }, listener);
  server.timeout = 9 * headersMs;
  return server;
}

/**
 * Cuts a connection that has asked for nothing within `headersMs`. Node has no such bound for HTTP/2. One that has
 * asked once may stay: an exporter keeps its connection however seldom it exports. A client that takes its leave
 * (GOAWAY) is cut when nothing moves for three times as long: where it breaks the protocol behind that, Node never ends
 * the session, not even when the client closes its side.
 */
export function cutSilent(server: Http2Server, headersMs: number): void {
  server.on("session", (session: ServerHttp2Session) => {
    const late = setTimeout(() => session.destroy(), headersMs);
    for (const event of ["stream", "close"]) session.once(event, () => clearTimeout(late));
    session.once("goaway", () => session.setTimeout(3 * headersMs, () => session.destroy()));
  });
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Lets running requests end for `graceMs`, then cuts them off. Resolves when the port is free. */
  stop(graceMs: number): Promise<void>;
}

/** `port`: 0 for any free one. `what` names it in the Error that a taken port gives. */
export async function listen(
  server: Server | Http2Server,
  host: string,
  port: number,
  what: string,
): Promise<Listening> {
  const sessions = new Set<ServerHttp2Session>();
  if (!isHttp1(server)) {
    server.on("session", (session) => {
      sessions.add(session);
      session.once("close", () => sessions.delete(session));
    });
  }
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: Error): void => {
      reject(new Error(`${what} cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    };
    server.once("error", failed);
    server.listen(port, host, () => {
      server.off("error", failed);
      resolve();
    });
  });
  const address = server.address();
  return {
    host,
    port: typeof address === "object" && address ? address.port : port,
    stop: (graceMs) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => {
          if (isHttp1(server)) server.closeAllConnections();
          for (const session of sessions) session.destroy();
        }, graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        for (const session of sessions) session.close();
      }),
  };
}

const isHttp1 = (server: Server | Http2Server): server is Server => "closeAllConnections" in server;

/** An http URL; IPv6 addresses in brackets. */
export const urlOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
