/**
 * One port for HTTP/1.1 and clear-text HTTP/2. Node's http2 server drops HTTP/1.1 clients on a clear-text port, because
 * it has no ALPN there. So the first bytes are read, and the socket goes to an http or an http2 server.
 */
import * as http from "node:http";
import * as http2 from "node:http2";
import * as net from "node:net";

/** Handles the requests of both protocols: http2's compatibility API has the same shape. */
export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

export interface Listening {
  readonly port: number;
  readonly url: string;
  /** Accepts no more connections, gives open requests `graceMs` to end, then cuts them. */
  close(graceMs?: number): Promise<void>;
}

/** RFC 9113, section 3.4: an HTTP/2 client begins with this. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n");

export interface ListenOptions {
  /**
   * The timeout for a client's headers; it is cut after that. The whole request may take three times as long. 10 s by
   * default.
   */
  readonly headersMs?: number;
  /** Called when a `close` has used up its grace with requests still open. They get ten more turns of 20 ms. */
  readonly onGraceOver?: (() => void) | undefined;
}

/** Turns rather than one timeout: a process without CPU for that time would have had no turn to answer in. */
const LAST_TURNS = 10;
const TURN_MS = 20;

/** Listens on `host`:`port` (0: a free one). Rejects with the system's error, e.g. EADDRINUSE. */
export async function listen(
  host: string,
  port: number,
  handler: Handler,
  { headersMs = 10_000, onGraceOver }: ListenOptions = {},
): Promise<Listening> {
  const timeouts = { requestTimeout: 3 * headersMs, headersTimeout: headersMs };
  const h1 = http.createServer({ ...timeouts, connectionsCheckingInterval: headersMs / 2 }, handler);
  let closing = false;
  h1.on("request", (_request, response) => {
    // A kept-alive connection is idle as soon as its response has gone out.
    response.once("close", () => closing && h1.closeIdleConnections());
  });
  const h2 = http2.createServer({ settings: { maxConcurrentStreams: 1_000 } });
  // Node has different types for the two request classes, but http2's compatibility API is meant to be used like this.
  h2.on(
    "request",
    handler as unknown as (req: http2.Http2ServerRequest, res: http2.Http2ServerResponse) => void,
  );

  cutSlowHttp2(h2, headersMs);

  const sockets = new Set<net.Socket>();
  const sessions = new Set<http2.ServerHttp2Session>();
  h2.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    sniff(socket, headersMs, (isHttp2) => (isHttp2 ? h2 : h1).emit("connection", socket));
  });
  // `h1` never listens itself. At this event it begins to track its connections and to check their timeouts.
  server.once("listening", () => h1.emit("listening"));

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
      for (const session of sessions) session.close();
      closing = true;
      h1.close();
      const cutAll = () => {
        for (const socket of sockets) socket.destroy();
      };
      let cut = setTimeout(() => {
        if (onGraceOver === undefined) return cutAll();
        onGraceOver();
        const wait = (turns: number): void => {
          cut = setTimeout(() => (turns > 1 ? wait(turns - 1) : cutAll()), TURN_MS);
        };
        wait(LAST_TURNS);
      }, graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

/** Cuts clients that send no request, and requests that do not end, as Node's http server does by itself. */
function cutSlowHttp2(server: http2.Http2Server, headersMs: number): void {
  const within = (ms: number, cut: () => void, ends: readonly [NodeJS.EventEmitter, string][]) => {
    const late = setTimeout(cut, ms);
    for (const [emitter, event] of ends) emitter.once(event, () => clearTimeout(late));
  };
  server.on("session", (session) => {
    within(headersMs, () => session.destroy(), [
      [session, "stream"],
      [session, "close"],
    ]);
    // Node never ends a session whose client takes its leave (GOAWAY) and then breaks the protocol, not even when that
    // client closes its side: each would hold a socket for ever. A client that leaves properly is gone before.
    session.once("goaway", () => session.setTimeout(3 * headersMs, () => session.destroy()));
  });
  server.on("stream", (stream) => {
    if (stream.endAfterHeaders) return;
    within(3 * headersMs, () => stream.close(http2.constants.NGHTTP2_CANCEL), [
      [stream, "end"],
      [stream, "close"],
    ]);
  });
}

/** Reads until the protocol is clear, puts the bytes back, and calls `decide`. */
function sniff(socket: net.Socket, withinMs: number, decide: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const giveUp = setTimeout(() => socket.destroy(), withinMs);
  socket.once("close", () => clearTimeout(giveUp));
  const onData = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, PREFACE.length);
    const matches = seen.subarray(0, length).equals(PREFACE.subarray(0, length));
    if (matches && length < PREFACE.length) return;
    clearTimeout(giveUp);
    socket.removeListener("data", onData);
    socket.pause();
    socket.unshift(seen);
    decide(matches);
    // The http server reads by itself once it has the socket. http2 takes the handle over.
    process.nextTick(() => socket.resume());
  };
  socket.on("data", onData);
}
